import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleFunction } from '../../lib/constructs/function-bundle.ts';

describe('the bundle of a function', () => {
  it('is not made again while nothing that went into it has changed', () => {
    const first = bundleFunction('meta/api.ts');
    const madeAt = statSync(join(first, 'index.mjs')).mtimeMs;
    expect(bundleFunction('meta/api.ts')).toBe(first);
    expect(statSync(join(first, 'index.mjs')).mtimeMs).toBe(madeAt);
  });

  it('is one file that needs nothing installed', () => {
    const folder = bundleFunction('accounts/api.ts');
    expect(readdirSync(folder)).toEqual(['index.mjs']);
    const code = readFileSync(join(folder, 'index.mjs'), 'utf8');
    const imported = [...code.matchAll(/(?:^|[;}])import[^;"']*["']([^"']+)["']/g)].map(
      (match) => match[1],
    );
    expect(imported.length).toBeGreaterThan(0);
    expect(imported.filter((name) => !isOfNode(name ?? ''))).toEqual([]);
  });

  it('is refused where there is no such function', () => {
    expect(() => bundleFunction('uploads/no-such.ts')).toThrow(
      'There is no function at lambdas/uploads/no-such.ts.',
    );
  });
});

const isOfNode = (name: string) => process.getBuiltinModule(name) !== undefined;
