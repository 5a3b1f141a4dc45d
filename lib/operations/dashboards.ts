import { Dashboard, GraphWidget, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { LambdaFunction } from '../constructs/lambda-function.ts';
import { RouteFunction } from '../constructs/route-function.ts';
import type { StageConfig } from '../stage-config.ts';
import * as metrics from './metrics.ts';
import type { Watched } from './operations-stack.ts';

/** One dashboard for each capability, and one for all. */
export class Dashboards extends Construct {
  constructor(
    scope: Construct,
    id: string,
    config: StageConfig,
    { accounts, uploads, reconstruction, api }: Watched,
  ) {
    super(scope, id);
    const { stages, drivers, jobsApi, gpusApi, jobFaults } = reconstruction;
    const dashboard = (name: string, rows: IWidget[][]) =>
      new Dashboard(this, name, {
        dashboardName:
          name === 'Overall' ? config.prefix : `${config.prefix}-${name.toLowerCase()}`,
        widgets: rows,
      });
    const jobs = [
      graph(
        'Jobs ended',
        ['completed' as const, 'failed' as const, 'canceled' as const].map(metrics.jobsEnded),
      ),
      graph('Live jobs', [drivers.liveJobs.metric, drivers.stuckJobs.metric]),
      graph('Through a fault of ours', [jobFaults.metric]),
    ];
    dashboard('Overall', [
      [
        graph('Requests', [api.api.metricCount()]),
        graph('Refused and failed', [api.api.metricClientError(), api.api.metricServerError()]),
        graph(
          'Latency (ms)',
          ['p50', 'p99'].map((statistic) => api.api.metricLatency({ statistic })),
        ),
      ],
      jobs,
      [graph('GPU vCPUs', [metrics.gpuVcpus('Spot'), metrics.gpuVcpus('OnDemand')])],
    ]);
    dashboard('Accounts', slice([accounts.api]));
    dashboard('Uploads', slice([uploads.api, uploads.sweepUploads]));
    dashboard('Reconstruction', [
      jobs,
      [
        graph('Executions', [
          stages.machine.machine.metricStarted(),
          stages.machine.machine.metricSucceeded(),
          stages.machine.machine.metricFailed(),
          stages.machine.machine.metricAborted(),
          stages.machine.machine.metricTimedOut(),
        ]),
        graph('Age of changes (ms)', [metrics.iteratorAge(drivers.onJobChange.lambda)]),
      ],
      ...slice([
        jobsApi,
        gpusApi,
        stages.onStage,
        drivers.onJobChange,
        drivers.onExecutionEnd,
        drivers.reconcileJobs,
      ]),
    ]);
  }
}

const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 8 });

/** The functions of a capability, and their routes. */
function slice(functions: readonly LambdaFunction[]): IWidget[][] {
  const routes = functions
    .filter((one) => one instanceof RouteFunction)
    .flatMap(({ capability, routes }) => routes.map((route) => ({ capability, route: route.id })));
  const named = (of: (one: LambdaFunction) => IMetric) => functions.map(of);
  return [
    [
      graph(
        'Routes, p99 (ms)',
        routes.map((at) => metrics.ofRoute('RequestDuration', at.capability, at.route, 'p99')),
      ),
      graph(
        'Defects by route',
        routes.map((at) => metrics.ofRoute('Defects', at.capability, at.route, 'Sum')),
      ),
    ],
    [
      graph(
        'Invocations',
        named(({ lambda, node }) => lambda.metricInvocations({ label: node.id })),
      ),
      graph(
        'Errors',
        named(({ lambda, node }) => lambda.metricErrors({ label: node.id })),
      ),
      graph(
        'Duration (ms)',
        named(({ lambda, node }) => lambda.metricDuration({ label: node.id })),
      ),
    ],
  ];
}
