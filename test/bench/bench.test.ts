import { describe, expect, it } from 'vitest';
import { isMet, type Row } from './benchmark.ts';
import { table } from './table.ts';
import { median, mediansInTurns } from './turns.ts';

const row = (ours: number, more: Partial<Row> = {}): Row => ({
  subject: 'a thing',
  unit: 's',
  ours,
  target: { ratio: 1.05, plus: 5 },
  ...more,
});

describe('a target', () => {
  it('allows its ratio of the bare tool and its allowance, and no more', () => {
    expect(isMet(row(110, { bare: 100 }))).toBe(true);
    expect(isMet(row(110.1, { bare: 100 }))).toBe(false);
  });

  it('is missed by what could not be measured', () => {
    expect(isMet(row(Number.NaN, { bare: 100 }))).toBe(false);
  });
});

describe('measuring in turns', () => {
  it('takes each once before any twice', async () => {
    const taken: string[] = [];
    await mediansInTurns(2, { a: () => taken.push('a'), b: () => taken.push('b') });
    expect(taken).toEqual(['a', 'b', 'a', 'b']);
  });

  it('answers the figure in the middle of each', async () => {
    const figures = [9, 1, 2];
    const { a } = await mediansInTurns(3, { a: () => figures.pop() ?? 0 });
    expect(a).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('refuses to call nothing a figure', () => {
    expect(() => median([])).toThrow('no figures');
  });
});

it('a table says the ratio and the target where there is something bare, and the target alone else', () => {
  expect(table([row(120, { bare: 100 }), row(7, { target: { ratio: 0, plus: 10 } })])).toBe(
    [
      '| benchmark |    ours |    bare | ratio |         target | met |',
      '|-----------|---------|---------|-------|----------------|-----|',
      '| a thing   | 120.0 s | 100.0 s | 1.20x | <= 1.05x + 5 s |  NO |',
      '| a thing   |   7.0 s |         |       |        <= 10 s | yes |',
    ].join('\n'),
  );
});
