import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { StateMachine } from '../../lib/constructs/state-machine.ts';
import { stageConfig } from '../../lib/stages/stage-by-name.ts';
import { stages, statements } from './templates.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The actions that a task's resource takes, as far as the machine does them itself. */
const actionsOf: Record<string, readonly string[]> = {
  'arn:aws:states:::lambda:invoke': ['lambda:InvokeFunction'],
  'arn:aws:states:::batch:submitJob.sync': [
    'batch:SubmitJob',
    'batch:TagResource',
    'batch:DescribeJobs',
    'batch:TerminateJob',
    'events:PutTargets',
    'events:PutRule',
    'events:DescribeRule',
  ],
};

const file = 'statemachines/reconstruction.asl.json';
const text = readFileSync(file, 'utf8');
const substitutionNames = [...new Set([...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]))];

const folder = temporaryFolder();

function machineWith(names: (string | undefined)[]) {
  const app = new App({ outdir: folder });
  const stack = new Stack(app, 'Stack');
  return new StateMachine(stack, 'Machine', stageConfig(app.node), {
    name: 'reconstruction',
    variable: 'MACHINE_ARN',
    substitutions: Object.fromEntries(names.map((name) => [name, 'arn'])),
    allows: [],
  });
}

describe('the definition of a machine', () => {
  it('is refused where a substitution is missing', () => {
    const [first, ...others] = substitutionNames;
    expect(() => machineWith(others)).toThrow(`${file} asks for ${first}, which no one gives.`);
  });

  it('is refused where a substitution is not used', () => {
    expect(() => machineWith([...substitutionNames, 'TopicArn'])).toThrow(
      `${file} does not use TopicArn; leave it out.`,
    );
  });
});

describe.each(stages)('machines of the stage $stage', (stage) => {
  const machines = stage.ofType('AWS::StepFunctions::StateMachine');

  it.each(machines)('$id may do what its tasks do, on what they do it with', (machine) => {
    const { DefinitionString, DefinitionSubstitutions, RoleArn } = machine.Properties;
    const role = RoleArn['Fn::GetAtt'][0];
    const policies = stage
      .ofType('AWS::IAM::Policy')
      .filter(({ Properties }) => JSON.stringify(Properties.Roles).includes(role))
      .map(({ id }) => id);
    const allowed = statements(stage).filter(({ policy }) => policies.includes(policy));

    const { States } = JSON.parse(DefinitionString) as { States: Record<string, TaskState> };
    const tasks = Object.values(States).filter(({ Type }) => Type === 'Task');
    const needed = new Set(tasks.flatMap(({ Resource = '' }) => actionsOf[Resource] ?? [Resource]));
    const actions = new Set(allowed.flatMap((statement) => statement.actions));
    expect([...needed].filter((action) => !actions.has(action))).toEqual([]);

    const resources = JSON.stringify(allowed.flatMap((statement) => statement.resources));
    for (const arn of Object.values(DefinitionSubstitutions)) {
      expect(resources).toContain(JSON.stringify(arn));
    }
  });

  it.each(machines)('$id logs everything but what its jobs are about, and is traced', (machine) => {
    expect(machine.Properties).toMatchObject({
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
  });
});

interface TaskState {
  readonly Type: string;
  readonly Resource?: string;
}
