import type { Construct } from 'constructs';
import { routes } from '../../lambdas/uploads/routes.ts';
import { authenticationNeeds, type Identity } from '../accounts/identity.ts';
import { Invocation } from '../constructs/invocation.ts';
import { LambdaFunction } from '../constructs/lambda-function.ts';
import { PlatformStack } from '../constructs/platform-stack.ts';
import { RouteFunction } from '../constructs/route-function.ts';
import type { DataStack } from '../data/data-stack.ts';
import type { StageConfig } from '../stage-config.ts';

/** Files go straight into the bucket, by requests that a function signs. */
export class UploadsStack extends PlatformStack {
  readonly api: RouteFunction;
  readonly sweepUploads: LambdaFunction;
  readonly hourly: Invocation;

  constructor(
    scope: Construct,
    id: string,
    config: StageConfig,
    { data, identity }: { data: DataStack; identity: Identity },
  ) {
    super(scope, id, config);
    this.api = new RouteFunction(this, 'UploadsApi', config, {
      entry: 'uploads/api.ts',
      routes,
      needs: [
        ...authenticationNeeds(data, identity),
        data.uploads.need('GetItem', 'PutItem'),
        // A signed request can do what its signer can: putting, a file or a part of one.
        data.uploadFiles.need('PutObject', 'ListBucket'),
      ],
    });
    this.sweepUploads = new LambdaFunction(this, 'SweepUploads', config, {
      entry: 'uploads/sweep-uploads.ts',
      timeoutSeconds: 300,
      needs: [
        data.uploads.need('Query', 'DeleteItem'),
        data.uploadFiles.need('ListBucket', 'DeleteObject', 'AbortMultipartUpload'),
      ],
    });
    this.hourly = new Invocation(this, 'Hourly', { everyMinutes: 60 }, this.sweepUploads);
  }
}
