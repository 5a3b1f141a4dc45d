import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Resource, stages } from './templates.ts';

interface WithSettings {
  readonly handler?: unknown;
  readonly environment?: { readonly keys: readonly string[] };
}

const root = join(import.meta.dirname, '../..');

/** The file of a function, below `lambdas/`. */
const entryOf = (lambda: Resource): string =>
  lambda.Properties.Description.replace(/^lambdas\//, '');

const load = (file: string): Promise<WithSettings> => import(join(root, 'lambdas', file));

/** The variables that a function reads: its own settings, or those of its composition root. */
async function settingsOf(entry: string): Promise<readonly string[]> {
  const own = (await load(entry)).environment;
  const depsFile = join(dirname(entry), 'deps.ts');
  const environment =
    own ?? (existsSync(join(root, 'lambdas', depsFile)) ? (await load(depsFile)).environment : own);
  return environment?.keys ?? [];
}

describe.each(stages)('functions of the stage $stage', ({ ofType }) => {
  const lambdas = ofType('AWS::Lambda::Function');
  const named = lambdas.map((lambda): [string, Resource] => [entryOf(lambda), lambda]);

  it('are those that the product has entry points for', () => {
    expect(named.map(([entry]) => entry).sort()).toEqual([
      'accounts/api.ts',
      'gpus/api.ts',
      'meta/api.ts',
      'reconstruction/api.ts',
      'reconstruction/on-execution-end.ts',
      'reconstruction/on-job-change.ts',
      'reconstruction/on-stage.ts',
      'reconstruction/reconcile-jobs.ts',
      'uploads/api.ts',
      'uploads/sweep-uploads.ts',
    ]);
  });

  it.each(named)('%s gets exactly the variables that it reads', async (entry, lambda) => {
    const { POWERTOOLS_SERVICE_NAME, ...variables } = lambda.Properties.Environment.Variables;
    expect(POWERTOOLS_SERVICE_NAME).toBe(entry.split('/')[0]);
    expect(Object.keys(variables).sort()).toEqual([...(await settingsOf(entry))].sort());
  });

  it.each(named)('%s exports a handler', async (entry) => {
    expect((await load(entry)).handler).toBeTypeOf('function');
  });

  it.each(named)('%s has a log group, a role, a time limit and a trace of its own', (_, lambda) => {
    const { Properties } = lambda;
    const others = lambdas.filter((other) => other !== lambda);
    const unique = (property: (of: Resource) => unknown) =>
      others.every((other) => JSON.stringify(property(other)) !== JSON.stringify(property(lambda)));
    expect(Properties.Timeout).toBeLessThanOrEqual(300);
    expect(Properties.TracingConfig).toEqual({ Mode: 'Active' });
    expect(unique((of) => [of.stack, of.Properties.LoggingConfig.LogGroup])).toBe(true);
    expect(unique((of) => [of.stack, of.Properties.Role])).toBe(true);
  });

  it('events that a function does not take are kept', () => {
    for (const { Properties } of ofType('AWS::Events::Rule')) {
      for (const target of Properties.Targets) {
        const invokesFunction = JSON.stringify(target.Arn).includes('Function');
        if (invokesFunction) expect(target.DeadLetterConfig.Arn).toBeDefined();
      }
    }
    for (const { Properties } of ofType('AWS::Lambda::EventSourceMapping')) {
      expect(Properties).toMatchObject({
        BisectBatchOnFunctionError: true,
        DestinationConfig: { OnFailure: { Destination: expect.anything() } },
      });
      expect(Properties.MaximumRetryAttempts).toBeGreaterThan(0);
    }
  });
});
