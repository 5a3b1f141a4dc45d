import type { Construct } from 'constructs';
import type { AnyRoute } from '../../lambdas/platform/route.ts';
import type { StageConfig } from '../stage-config.ts';
import type { Need } from './grant.ts';
import { LambdaFunction } from './lambda-function.ts';

export interface RouteFunctionProps {
  /** Below `lambdas/`: `uploads/api.ts`. */
  readonly entry: string;
  /** What it answers; the API makes its methods from these values. */
  readonly routes: readonly AnyRoute[];
  readonly needs: readonly Need[];
}

/** API Gateway waits 29 seconds; nobody at the other end waits that long. */
const timeoutSeconds = 15;

/** CPU comes with memory: a full vCPU halves the cold start beside 512 MiB. */
const memoryMebibytes = 1769;

/** The function that answers the routes of a capability. */
export class RouteFunction extends LambdaFunction {
  readonly routes: readonly AnyRoute[];

  constructor(
    scope: Construct,
    id: string,
    config: StageConfig,
    { entry, routes, needs }: RouteFunctionProps,
  ) {
    super(scope, id, config, { entry, needs, timeoutSeconds, memoryMebibytes });
    this.routes = routes;
  }
}
