import type { App } from 'aws-cdk-lib/core';
import { AccountsStack } from './accounts/accounts-stack.ts';
import { ApiStack } from './api/api-stack.ts';
import { DataStack } from './data/data-stack.ts';
import { GpuStack } from './gpu/gpu-stack.ts';
import { OperationsStack } from './operations/operations-stack.ts';
import { ReconstructionStack } from './reconstruction/reconstruction-stack.ts';
import type { StageConfig } from './stage-config.ts';
import { UploadsStack } from './uploads/uploads-stack.ts';

/** The map: every stack of the platform, and what each one needs of the others. */
export function platformStage(app: App, config: StageConfig) {
  const data = new DataStack(app, 'Data', config);
  const gpu = new GpuStack(app, 'Gpu', config);

  const accounts = new AccountsStack(app, 'Accounts', config, { data });
  const { identity } = accounts;
  const uploads = new UploadsStack(app, 'Uploads', config, { data, identity });
  const reconstruction = new ReconstructionStack(app, 'Reconstruction', config, {
    data,
    identity,
    gpu,
  });

  const api = new ApiStack(app, 'Api', config, {
    functions: [accounts.api, uploads.api, reconstruction.jobsApi, reconstruction.gpusApi],
  });
  const operations = new OperationsStack(app, 'Operations', config, {
    data,
    accounts,
    uploads,
    reconstruction,
    api,
  });
  return { data, gpu, accounts, uploads, reconstruction, api, operations };
}
