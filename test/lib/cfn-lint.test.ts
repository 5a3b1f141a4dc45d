import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { pythonEnvironment } from '../../local/python-environment.ts';
import { stages } from './templates.ts';

/** Findings that we know better, each for a reason. */
const acknowledged: Readonly<Record<string, string>> = {
  W3005: 'CDK makes a function wait for its role and policy by name, whatever it refers to.',
  W3010: 'Zones are named so that making a template asks no account which it has.',
  E3601: 'JSONata may stand in TimeoutSeconds; the schema of the linter is older.',
};

interface Finding {
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Location: { readonly Path: readonly (string | number)[] };
}

async function lint(folder: string): Promise<Finding[]> {
  const programs = await pythonEnvironment('tools', console.log);
  const templates = readdirSync(folder).filter((file) => file.endsWith('.template.json'));
  const linting = promisify(execFile)(
    join(programs, 'cfn-lint'),
    ['--format', 'json', '--template', ...templates],
    { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
  );
  // It exits with other than 0 when it has findings; they are on standard output all the same.
  const { stdout } = await linting.catch((error: { stdout: string }) => error);
  return JSON.parse(stdout);
}

describe('the templates', () => {
  it.each(stages)('of the stage $stage pass cfn-lint', { timeout: 120_000 }, async (stage) => {
    const findings = await lint(stage.folder);
    const others = findings.filter(({ Rule }) => !(Rule.Id in acknowledged));
    expect(others.map(({ Rule, Message }) => `${Rule.Id} ${Message}`)).toEqual([]);
    const timeouts = findings.filter(({ Rule }) => Rule.Id === 'E3601');
    expect(timeouts.every(({ Message }) => /\/TimeoutSeconds'$/.test(Message))).toBe(true);
  });
});
