import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { metricNamespace } from '../constructs/log-metric.ts';

/** Milliseconds that the oldest change in a stream has waited for its function. */
export const iteratorAge = (lambda: IFunction) =>
  lambda.metric('IteratorAge', { statistic: 'Maximum' });

/** vCPUs of running G instances, as the service quotas count them. */
export const gpuVcpus = (market: 'OnDemand' | 'Spot') =>
  new Metric({
    namespace: 'AWS/Usage',
    metricName: 'ResourceCount',
    dimensionsMap: { Service: 'EC2', Type: 'Resource', Resource: 'vCPU', Class: `G/${market}` },
    statistic: 'Maximum',
    period: Duration.minutes(15),
  });

/** vCPUs of GPU instances while no job is live; 0 while any is. */
export const gpuVcpusWithoutJobs = (liveJobs: IMetric) =>
  new MathExpression({
    label: 'vCPUs of GPU instances without a live job',
    expression: 'IF(FILL(live, 0) > 0, 0, FILL(onDemand, 0) + FILL(spot, 0))',
    usingMetrics: { live: liveJobs, onDemand: gpuVcpus('OnDemand'), spot: gpuVcpus('Spot') },
    period: Duration.minutes(15),
  });

/** What `serve` measures of a route. */
export const ofRoute = (
  metricName: 'RequestDuration' | 'Defects',
  service: string,
  route: string,
  statistic: string,
) =>
  new Metric({
    namespace: metricNamespace,
    metricName,
    dimensionsMap: { service, route },
    statistic,
    label: route,
  });

/** Jobs that ended so, whoever noticed. */
export const jobsEnded = (status: 'completed' | 'failed' | 'canceled') =>
  new Metric({
    namespace: metricNamespace,
    metricName: 'JobsEnded',
    dimensionsMap: { service: 'reconstruction', status },
    statistic: 'Sum',
    label: status,
  });
