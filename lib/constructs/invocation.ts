import { type EventPattern, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { DeadLetterQueue } from './dead-letter-queue.ts';
import type { LambdaFunction } from './lambda-function.ts';

/** What invokes a function: the passing of time, or an event of AWS. */
export type Cause =
  | { readonly everyMinutes: number }
  | { readonly event: Pick<EventPattern, 'source' | 'detailType' | 'detail'> };

/** EventBridge invokes a function; what it could not take after its retries goes to a queue. */
export class Invocation extends Construct {
  readonly deadLetters: DeadLetterQueue;

  constructor(scope: Construct, id: string, cause: Cause, { lambda }: LambdaFunction) {
    super(scope, id);
    this.deadLetters = new DeadLetterQueue(this, 'DeadLetters');
    const target = new LambdaTarget(lambda, {
      deadLetterQueue: this.deadLetters,
      retryAttempts: 3,
      maxEventAge: Duration.hours(1),
    });
    new Rule(this, 'Rule', {
      ...('event' in cause
        ? { eventPattern: cause.event }
        : { schedule: Schedule.rate(Duration.minutes(cause.everyMinutes)) }),
      targets: [target],
    });
  }
}
