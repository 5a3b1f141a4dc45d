import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  LogLevel,
  StateMachine as StepFunctionsMachine,
} from 'aws-cdk-lib/aws-stepfunctions';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';
import { acknowledgeWildcards, allow, type Grant, type Need } from './grant.ts';

export interface StateMachineProps {
  /** Below `statemachines/`, without `.asl.json`; also the machine's name behind the prefix. */
  readonly name: string;
  /** The environment variable in which functions find the machine. */
  readonly variable: string;
  /** Values for the `${…}` of the file: each must be there, and none more. */
  readonly substitutions: Readonly<Record<string, string>>;
  /** What the machine's tasks do. CDK reads none of this out of a definition. */
  readonly allows: readonly Grant[];
}

export type ExecutionOperation = 'StartExecution' | 'StopExecution' | 'DescribeExecution';

/** A machine as `statemachines/<name>.asl.json` says, inline, so that a diff shows its logic. */
export class StateMachine extends Construct {
  readonly machine: StepFunctionsMachine;
  readonly #variable: string;
  readonly #executions: string;

  constructor(scope: Construct, id: string, config: StageConfig, props: StateMachineProps) {
    super(scope, id);
    const stateMachineName = `${config.prefix}-${props.name}`;
    const place = `${config.region}:${config.account}`;
    this.#variable = props.variable;
    this.#executions = `arn:aws:states:${place}:execution:${stateMachineName}:*`;
    const definition = readDefinition(props);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
    });
    allow(role, props.allows);
    this.machine = new StepFunctionsMachine(this, 'Machine', {
      stateMachineName,
      definitionBody: DefinitionBody.fromString(definition),
      definitionSubstitutions: { ...props.substitutions },
      role,
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Logs', {
          // Names that begin so need no entry of their own in the logs resource policy.
          logGroupName: `/aws/vendedlogs/states/${stateMachineName}`,
          retention: config.logRetentionDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    acknowledgeWildcards(role, ['*'], 'Log delivery and X-Ray know no narrower resource.');
  }

  /** For functions that find the machine in their environment and do these things with it. */
  need(...operations: readonly ExecutionOperation[]): Need {
    return {
      environment: { [this.#variable]: this.machine.stateMachineArn },
      grants: operations.map((operation) => this.#grant(operation)),
    };
  }

  /** For functions that are told which execution they have to do with. */
  needOfExecutions(...operations: readonly ExecutionOperation[]): Need {
    return { environment: {}, grants: operations.map((operation) => this.#grant(operation)) };
  }

  #grant(operation: ExecutionOperation): Grant {
    const actions = [`states:${operation}`];
    return operation === 'StartExecution'
      ? { actions, resources: [this.machine.stateMachineArn] }
      : {
          actions,
          resources: [this.#executions],
          wildcardReason: 'Executions are named at run time.',
        };
  }
}

/** @throws Error where the substitutions of the file and those given are not the same */
function readDefinition({ name, substitutions }: StateMachineProps): string {
  const file = `statemachines/${name}.asl.json`;
  const text = readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
  const wanted = [...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const given = Object.keys(substitutions);
  const missing = wanted.filter((key) => !given.includes(key));
  const unused = given.filter((key) => !wanted.includes(key));
  if (missing.length > 0) throw new Error(`${file} asks for ${missing}, which no one gives.`);
  if (unused.length > 0) throw new Error(`${file} does not use ${unused}; leave it out.`);
  // Without its white space the definition stays far below the limit of a template.
  return JSON.stringify(JSON.parse(text));
}
