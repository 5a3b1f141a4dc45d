import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { progressLine } from '../../local/progress-line.ts';

function shownOn(terminal: { isTTY: boolean; columns?: number }) {
  const out = Object.assign(new PassThrough({ encoding: 'utf8' }), terminal);
  const line = progressLine(out as unknown as NodeJS.WriteStream);
  for (let percent = 0; percent <= 30; percent += 5) line.show(percent, 'sfm', `sfm ${percent} %`);
  line.end();
  return String(out.read());
}

it('a terminal shows one line that changes', () => {
  const shown = shownOn({ isTTY: true, columns: 6 });
  expect(shown.match(/\n/g)).toHaveLength(1);
  expect(shown.split('\r').at(-1)).toBe('sfm 3\n');
});

it('elsewhere a line comes every ten percent', () => {
  expect(shownOn({ isTTY: false })).toBe('sfm 0 %\nsfm 10 %\nsfm 20 %\nsfm 30 %\n');
});
