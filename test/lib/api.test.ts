import { describe, expect, it } from 'vitest';
import { allRoutes } from '../../lambdas/meta/api.ts';
import { Problem, type ProblemCode, problemBody } from '../../lambdas/platform/problems.ts';
import { gatewayProblems } from '../../lib/api/gateway-problems.ts';
import { type Resource, type SynthesisedStage, stages } from './templates.ts';

/** `GET /v1/jobs/{id}` for each method, but those that answer preflight requests. */
function methodsOf({ ofType }: SynthesisedStage): string[] {
  const resources = new Map(ofType('AWS::ApiGateway::Resource').map((one) => [one.id, one]));
  const pathOf = (id: string | undefined): string => {
    const resource = id === undefined ? undefined : resources.get(id);
    if (!resource) return '';
    return `${pathOf(resource.Properties.ParentId.Ref)}/${resource.Properties.PathPart}`;
  };
  const isPreflight = ({ Properties }: Resource) => Properties.HttpMethod === 'OPTIONS';
  return ofType('AWS::ApiGateway::Method')
    .filter((method) => !isPreflight(method))
    .map(({ Properties }) => `${Properties.HttpMethod} ${pathOf(Properties.ResourceId.Ref)}`);
}

describe.each(stages)('the gateway of the stage $stage', (stage) => {
  it('has a method for every route, and none more', () => {
    const routes = allRoutes.map(({ method, path }) => `${method} ${path}`);
    expect(methodsOf(stage).sort()).toEqual(routes.sort());
  });

  it('may invoke the functions behind its methods', () => {
    const invoked = stage
      .ofType('AWS::Lambda::Permission')
      .filter(({ Properties }) => Properties.Principal === 'apigateway.amazonaws.com')
      .map(({ Properties }) => JSON.stringify(Properties.FunctionName));
    const integrated = stage
      .ofType('AWS::ApiGateway::Method')
      .map(({ Properties }) => JSON.stringify(Properties.Integration.Uri ?? ''))
      .filter((uri) => uri !== '""');
    expect(integrated.length).toBeGreaterThan(0);
    for (const uri of integrated) {
      expect(invoked.filter((lambda) => uri.includes(lambda))).toHaveLength(1);
    }
  });

  it('limits the rate of requests, logs and traces them', () => {
    expect(stage.ofType('AWS::ApiGateway::Stage')).toMatchObject([
      {
        Properties: {
          TracingEnabled: true,
          AccessLogSetting: { DestinationArn: expect.anything() },
          MethodSettings: [
            { ThrottlingRateLimit: expect.any(Number), ThrottlingBurstLimit: expect.any(Number) },
          ],
        },
      },
    ]);
  });

  it('never logs who is calling by their credentials', () => {
    const format = stage.ofType('AWS::ApiGateway::Stage')[0]?.Properties.AccessLogSetting.Format;
    expect(Object.values(JSON.parse(format)).join()).not.toMatch(/authoriz|header|querystring/i);
  });

  it('stands behind a firewall that limits what one address may send, where it is public', () => {
    const rules = stage
      .ofType('AWS::WAFv2::WebACL')
      .flatMap(({ Properties }) => Properties.Rules)
      .filter((rule) => rule.Statement.RateBasedStatement);
    expect(rules).toHaveLength(stage.stage === 'aws' ? 1 : 0);
    expect(stage.ofType('AWS::WAFv2::WebACLAssociation')).toHaveLength(rules.length);
  });
});

describe('problems that the gateway answers itself', () => {
  it.each(gatewayProblems)('$type.responseType looks like $code of ours', (answer) => {
    const { title, status } = problemBody(new Problem(answer.code as ProblemCode), 'req');
    expect({ title: answer.title, status: answer.status }).toEqual({ title, status });
  });

  it.each(stages)('are problem documents in the stage $stage', ({ ofType }) => {
    const responses = ofType('AWS::ApiGateway::GatewayResponse');
    expect(responses).toHaveLength(gatewayProblems.length);
    const keys = Object.keys(problemBody(new Problem('internal'), 'req'));
    for (const { Properties } of responses) {
      const body = JSON.parse(Properties.ResponseTemplates['application/json']);
      expect(Object.keys(body).sort()).toEqual(keys.sort());
      expect(String(body.status)).toBe(Properties.StatusCode);
      expect(Properties.ResponseParameters['gatewayresponse.header.Content-Type']).toBe(
        "'application/problem+json'",
      );
    }
  });

  it.each(stages)('cover unknown routes in the stage $stage', ({ ofType }) => {
    const unknown = ofType('AWS::ApiGateway::GatewayResponse').find(
      ({ Properties }) => Properties.ResponseType === 'MISSING_AUTHENTICATION_TOKEN',
    );
    expect(unknown?.Properties.StatusCode).toBe('404');
  });
});
