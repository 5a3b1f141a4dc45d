import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

/**
 * Batch has no metric for jobs that wait, but it tells when the first job of a queue can't start: for
 * want of capacity, or since no host of the queue would fit it. The event, which says why, goes to
 * the people; its count is the metric of an alarm.
 */
export class BlockedQueues extends Construct {
  readonly metric: Metric;

  constructor(scope: Construct, id: string, topic: ITopic) {
    super(scope, id);
    const rule = new Rule(this, 'Rule', {
      eventPattern: { source: ['aws.batch'], detailType: ['Batch Job Queue Blocked'] },
      targets: [new SnsTopic(topic)],
    });
    this.metric = new Metric({
      namespace: 'AWS/Events',
      metricName: 'MatchedEvents',
      dimensionsMap: { RuleName: rule.ruleName },
      statistic: 'Sum',
    });
  }
}
