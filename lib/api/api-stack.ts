import {
  AccessLogFormat,
  Cors,
  EndpointType,
  AccessLogField as Field,
  Integration,
  IntegrationType,
  LogGroupLogDestination,
  MethodLoggingLevel,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnOutput, RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { routes as metaRoutes } from '../../lambdas/meta/routes.ts';
import { PlatformStack } from '../constructs/platform-stack.ts';
import { RouteFunction } from '../constructs/route-function.ts';
import type { StageConfig } from '../stage-config.ts';
import { Firewall } from './firewall.ts';
import { allowGatewayLogs } from './gateway-logs.ts';
import { answerProblems } from './gateway-problems.ts';

export interface ApiNeeds {
  /** Who answers which routes. */
  readonly functions: readonly RouteFunction[];
}

/** One address for all capabilities: each route goes to the function that answers it. */
export class ApiStack extends PlatformStack {
  readonly api: RestApi;
  readonly functions: readonly RouteFunction[];
  readonly meta: RouteFunction;

  constructor(scope: Construct, id: string, config: StageConfig, { functions }: ApiNeeds) {
    super(scope, id, config);
    this.meta = new RouteFunction(this, 'MetaApi', config, {
      entry: 'meta/api.ts',
      routes: metaRoutes,
      needs: [],
    });
    this.functions = [...functions, this.meta];
    this.api = this.#gateway(config);
    for (const routeFunction of this.functions) this.#attach(routeFunction);
    answerProblems(this.api);
    this.#protect(config);
    new CfnOutput(this, 'ApiId', { value: this.api.restApiId });
    new CfnOutput(this, 'ApiStageName', { value: this.api.deploymentStage.stageName });
    new CfnOutput(this, 'ApiUrl', { value: this.api.url });
  }

  #gateway(config: StageConfig): RestApi {
    const accessLogs = new LogGroup(this, 'AccessLogs', {
      retention: config.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const api = new RestApi(this, 'Gateway', {
      restApiName: config.prefix,
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: false,
      // Callers carry a token, never a cookie: a page of any origin can do no more than its token.
      defaultCorsPreflightOptions: {
        allowOrigins: Cors.ALL_ORIGINS,
        allowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
        allowHeaders: [
          'Authorization',
          'Content-Type',
          'Idempotency-Key',
          'X-Idempotency-Key',
          'X-Request-Id',
          'X-Workspace-Id',
        ],
      },
      deployOptions: {
        stageName: 'live',
        throttlingRateLimit: config.api.requestsPerSecond,
        throttlingBurstLimit: config.api.burstRequests,
        tracingEnabled: true,
        metricsEnabled: true,
        loggingLevel: MethodLoggingLevel.ERROR,
        accessLogDestination: new LogGroupLogDestination(accessLogs),
        accessLogFormat: accessLogFormat(),
      },
    });
    allowGatewayLogs(this, api);
    return api;
  }

  /** Methods for every route, and one permission for all of them. */
  #attach({ routes, lambda, node }: RouteFunction): void {
    const integration = new Integration({
      type: IntegrationType.AWS_PROXY,
      integrationHttpMethod: 'POST',
      uri: `arn:aws:apigateway:${this.region}:lambda:path/2015-03-31/functions/${lambda.functionArn}/invocations`,
    });
    for (const { path, method } of routes) {
      this.api.root.resourceForPath(path).addMethod(method, integration);
    }
    new CfnPermission(this, `Invoke${node.id}`, {
      action: 'lambda:InvokeFunction',
      functionName: lambda.functionArn,
      principal: 'apigateway.amazonaws.com',
      sourceArn: this.api.arnForExecuteApi('*', '/*', '*'),
    });
  }

  #protect(config: StageConfig): void {
    const acknowledged = Validations.of(this.api);
    acknowledged.acknowledge(
      {
        id: 'AwsSolutions-APIG2',
        reason: 'The function validates, by the schemas of the route, and says what to mend.',
      },
      {
        id: 'AwsSolutions-APIG4',
        reason: 'The function authenticates, so that a revoked key is dead on the next request.',
      },
      {
        id: 'AwsSolutions-COG4',
        reason: 'API keys and tokens of any OpenID Connect provider are accepted, by the function.',
      },
    );
    if (config.api.firewall) {
      new Firewall(this, 'Firewall', config, { api: this.api, ...config.api.firewall });
    } else {
      acknowledged.acknowledge({
        id: 'AwsSolutions-APIG3',
        reason: 'A laptop answers on its loopback address alone.',
      });
    }
  }
}

/** Who asked for what, and how it went; no query, no header, no token. */
const accessLogFormat = () =>
  AccessLogFormat.custom(
    JSON.stringify({
      requestId: Field.contextRequestId(),
      time: Field.contextRequestTime(),
      method: Field.contextHttpMethod(),
      route: Field.contextResourcePath(),
      status: Field.contextStatus(),
      error: Field.contextErrorResponseType(),
      latencyMillis: Field.contextResponseLatency(),
      integrationLatencyMillis: Field.contextIntegrationLatency(),
      bytes: Field.contextResponseLength(),
      address: Field.contextIdentitySourceIp(),
      traceId: Field.contextXrayTraceId(),
    }),
  );
