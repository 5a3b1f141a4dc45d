import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** Metrics in CloudWatch's embedded metric format: they are log lines and cost no request. */
export const metrics = new Metrics({ namespace: 'CyberneticPhysics' });

export { MetricUnit };
