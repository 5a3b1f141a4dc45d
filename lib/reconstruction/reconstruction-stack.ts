import type { Construct } from 'constructs';
import { routes as gpuRoutes } from '../../lambdas/gpus/routes.ts';
import { routes as jobRoutes } from '../../lambdas/reconstruction/routes.ts';
import { authenticationNeeds, type Identity } from '../accounts/identity.ts';
import { LogMetric } from '../constructs/log-metric.ts';
import { PlatformStack } from '../constructs/platform-stack.ts';
import { RouteFunction } from '../constructs/route-function.ts';
import type { DataStack } from '../data/data-stack.ts';
import type { GpuStack } from '../gpu/gpu-stack.ts';
import type { StageConfig } from '../stage-config.ts';
import { JobDrivers } from './job-drivers.ts';
import { Stages } from './stages.ts';

/** Reasons that are no one's input: these endings are ours to look into. */
const faults = ['stage_crashed', 'internal_fault', 'service_fault', 'image_unavailable'];

export interface ReconstructionNeeds {
  readonly data: DataStack;
  readonly identity: Identity;
  readonly gpu: GpuStack;
}

/** Jobs: what starts and ends them, the machine that takes them from stage to stage, the stages. */
export class ReconstructionStack extends PlatformStack {
  readonly jobsApi: RouteFunction;
  readonly gpusApi: RouteFunction;
  readonly stages: Stages;
  readonly drivers: JobDrivers;
  /** Jobs that ended through a fault of the platform. */
  readonly jobFaults: LogMetric;

  constructor(
    scope: Construct,
    id: string,
    config: StageConfig,
    { data, identity, gpu }: ReconstructionNeeds,
  ) {
    super(scope, id, config);
    this.jobsApi = new RouteFunction(this, 'JobsApi', config, {
      entry: 'reconstruction/api.ts',
      routes: jobRoutes,
      needs: [
        ...authenticationNeeds(data, identity),
        data.jobs.need('GetItem', 'PutItem', 'UpdateItem', 'Query'),
        data.uploads.need('GetItem', 'UpdateItem'),
        data.uploadFiles.need('ListBucket'),
        data.artifacts.need('GetObject', 'ListBucket'),
        { environment: { RECONSTRUCTION_ENGINE: config.reconstruction.engine }, grants: [] },
      ],
    });
    this.gpusApi = new RouteFunction(this, 'GpusApi', config, {
      entry: 'gpus/api.ts',
      routes: gpuRoutes,
      needs: authenticationNeeds(data, identity),
    });
    this.stages = new Stages(this, 'Stages', config, { data, gpu });
    this.drivers = new JobDrivers(this, 'Drivers', config, { data, machine: this.stages.machine });
    const { onJobChange, onExecutionEnd, reconcileJobs } = this.drivers;
    this.jobFaults = new LogMetric(this, 'JobFaults', {
      functions: [this.stages.onStage, onJobChange, onExecutionEnd, reconcileJobs],
      event: 'job.ended',
      where: { field: 'reason', isOneOf: faults },
    });
  }
}
