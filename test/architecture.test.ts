import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problems } from '../lambdas/platform/problems.ts';

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .trim()
  .split('\n');
const read = (path: string) => readFileSync(path, 'utf8');
const under = (...folders: string[]) =>
  files.filter((file) => file.endsWith('.ts') && folders.some((f) => file.startsWith(`${f}/`)));

/** Every relative import as [file, imported file]. */
const imports = (...folders: string[]): [string, string][] =>
  under(...folders).flatMap((file) =>
    [...read(file).matchAll(/from '(\.[^']+)'/g)].map((match): [string, string] => [
      file,
      normalize(join(dirname(file), match[1] ?? '')),
    ]),
  );

const capabilityOf = (file: string) => file.split('/')[1];

describe('arrows between the rooms', () => {
  it('the platform knows no capability', () => {
    const upward = imports('lambdas/platform').filter(
      ([, target]) => !target.startsWith('lambdas/platform/'),
    );
    expect(upward).toEqual([]);
  });

  it('product code knows neither the infrastructure nor the laptop', () => {
    const outside = imports('lambdas').filter(([, target]) => !target.startsWith('lambdas/'));
    expect(outside).toEqual([]);
  });

  it('of product code, the infrastructure knows only the routes', () => {
    const code = imports('lib', 'bin').filter(
      ([, target]) =>
        target.startsWith('lambdas/') &&
        !/\/routes\.ts$|^lambdas\/platform\/route\.ts$/.test(target),
    );
    expect(code).toEqual([]);
  });

  it('a capability knows only those that it builds on', () => {
    const allowed: Record<string, string[]> = {
      accounts: ['platform'],
      gpus: ['platform', 'accounts'],
      uploads: ['platform', 'accounts'],
      reconstruction: ['platform', 'accounts', 'gpus', 'uploads'],
      meta: ['platform', 'accounts', 'gpus', 'uploads', 'reconstruction'],
      platform: ['platform'],
    };
    const crossing = imports('lambdas').filter(([file, target]) => {
      const [from = '', to = ''] = [capabilityOf(file), capabilityOf(target)];
      return from !== to && !allowed[from]?.includes(to);
    });
    expect(crossing).toEqual([]);
  });
});

describe('habits', () => {
  it('time, randomness and the environment come in through the platform', () => {
    const owners = /^lambdas\/platform\/(clock|ids|settings)\.ts$/;
    const offenders = under('lambdas').filter(
      (file) =>
        !owners.test(file) &&
        /Date\.now\(|new Date\(\)|Math\.random\(|randomUUID\(|process\.env/.test(read(file)),
    );
    expect(offenders).toEqual([]);
  });

  it('no folder is named for having no name', () => {
    const banned =
      /(^|\/)(utils?|helpers?|common|shared|types|services|managers?|misc)(\/|\.ts$|\.py$)/;
    expect(files.filter((file) => banned.test(file))).toEqual([]);
  });

  it('no source file is longer than 300 lines', () => {
    const sources = files.filter((file) => /\.(ts|py|mjs|sh)$/.test(file));
    const long = sources.filter((file) => read(file).split('\n').length > 301);
    expect(long).toEqual([]);
  });

  it('infrastructure is deterministic', () => {
    const offenders = under('lib', 'bin').filter((file) =>
      /Date\.now\(|new Date\(|Math\.random\(|randomUUID\(/.test(read(file)),
    );
    expect(offenders).toEqual([]);
  });

  it('decisions are numbered once each', () => {
    const numbers = files
      .filter((file) => file.startsWith('docs/decisions/'))
      .map((file) => file.slice('docs/decisions/'.length).slice(0, 4));
    expect(numbers).toEqual([...new Set(numbers)]);
  });
});

describe('routes', () => {
  const capabilities = files
    .filter((file) => /^lambdas\/\w+\/routes\.ts$/.test(file))
    .map(capabilityOf);

  it.each(capabilities)('every route of %s is served, and nothing else', (capability) => {
    const declared = [
      ...read(`lambdas/${capability}/routes.ts`).matchAll(/^export const (\w+) = route\(/gm),
    ];
    const served = [
      ...read(`lambdas/${capability}/api.ts`).matchAll(/\bserve\(\s*(?:\w+\.)?(\w+),/g),
    ];
    const names = (found: RegExpExecArray[]) => found.map((match) => match[1]).sort();
    expect(names(served)).toEqual(names(declared));
  });
});

describe('state machines', () => {
  const machines = files.filter((file) => /^statemachines\/.*\.asl\.json$/.test(file));
  const states = (file: string): [string, Record<string, unknown>][] => {
    const walk = (machine: { States: Record<string, Record<string, unknown>> }): never =>
      Object.entries(machine.States).flatMap(([name, state]) => [
        [name, state],
        ...((state.Branches as never[]) ?? []).flatMap(walk),
        ...(state.ItemProcessor ? walk(state.ItemProcessor as never) : []),
      ]) as never;
    return walk(JSON.parse(read(file)));
  };

  it.each(machines)('every task of %s has a timeout', (file) => {
    const endless = states(file).filter(
      ([, state]) => state.Type === 'Task' && !state.TimeoutSeconds,
    );
    expect(endless.map(([name]) => name)).toEqual([]);
  });

  it.each(machines)('%s catches and retries errors by names that exist', (file) => {
    const named = states(file).flatMap(([, state]) =>
      [state.Retry, state.Catch].flatMap((rules) =>
        ((rules as { ErrorEquals: string[] }[]) ?? []).flatMap((rule) => rule.ErrorEquals),
      ),
    );
    const known = (name: string) =>
      name in problems || /^(States|Lambda|Batch|S3|DynamoDB)\./.test(name);
    expect(named.filter((name) => !known(name))).toEqual([]);
  });
});
