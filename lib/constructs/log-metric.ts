import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type IFilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { LambdaFunction } from './lambda-function.ts';

/** Where the platform's own metrics are; functions write theirs there too. */
export const metricNamespace = 'CyberneticPhysics';

export interface LogMetricProps {
  readonly functions: readonly LambdaFunction[];
  /** The message of the log line: `jobs.reconciled`. */
  readonly event: string;
  /** Only lines in which this field has one of these values. */
  readonly where?: { readonly field: string; readonly isOneOf: readonly string[] };
  /** The number of the line to measure; without one, lines are counted. */
  readonly field?: string;
}

/** A metric made of log lines, named after its construct. */
export class LogMetric extends Construct {
  readonly metric: Metric;

  constructor(scope: Construct, id: string, props: LogMetricProps) {
    super(scope, id);
    for (const { lambda, node } of props.functions) {
      new MetricFilter(this, node.id, {
        logGroup: lambda.logGroup,
        filterPattern: patternOf(props),
        metricNamespace,
        metricName: id,
        metricValue: props.field ? `$.${props.field}` : '1',
      });
    }
    this.metric = new Metric({
      namespace: metricNamespace,
      metricName: id,
      statistic: props.field ? 'Maximum' : 'Sum',
      period: Duration.minutes(5),
    });
  }
}

function patternOf({ event, where }: LogMetricProps): IFilterPattern {
  const isEvent = FilterPattern.stringValue('$.message', '=', event);
  if (!where) return isEvent;
  const values = where.isOneOf.map((value) =>
    FilterPattern.stringValue(`$.${where.field}`, '=', value),
  );
  return FilterPattern.all(isEvent, FilterPattern.any(...values));
}
