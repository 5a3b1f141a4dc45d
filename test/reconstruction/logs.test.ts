import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../lambdas/reconstruction/job.ts';
import { createdJob, written } from './created-job.ts';
import { type Headers, type Platform, startPlatform } from './platform.ts';

let platform: Platform;
let person: Headers;
beforeAll(async () => {
  platform = await startPlatform();
  person = await platform.person('natalia');
});
afterAll(() => platform.stop());

const line = (message: string) =>
  `${JSON.stringify({ time: '2026-11-24T12:00:00Z', level: 'info', event: 'log', message })}\n`;
const lines = (stage: string, count: number) =>
  Array.from({ length: count }, (_, index) => line(`${stage} ${index + 1}`)).join('');

async function jobWith(logs: Record<string, string>): Promise<Job> {
  const job = await createdJob(platform, person);
  for (const [name, text] of Object.entries(logs)) await append(job, name, text);
  return job;
}
const append = (job: Job, name: string, text: string) =>
  written(platform, job, `logs/${name}.jsonl`, text);
const read = async (job: Job, query: Record<string, string> = {}) =>
  platform.call('GET', `/v1/jobs/${job.jobId}/logs`, { headers: person, query });
const messages = (body: { lines: { message: string }[] }) => body.lines.map((line) => line.message);

describe('GET /v1/jobs/{id}/logs', () => {
  it('answers every field of a line, with its stage and attempt', async () => {
    const job = await jobWith({
      'sfm-2': '{"time":"t","level":"warning","event":"pairs","message":"few","pairs":3}\n',
    });
    expect((await read(job)).body.lines).toEqual([
      {
        stage: 'sfm',
        attempt: 2,
        time: 't',
        level: 'warning',
        event: 'pairs',
        message: 'few',
        pairs: 3,
      },
    ]);
  });

  it('puts stages and attempts in the order in which they ran', async () => {
    const job = await jobWith({
      'train-10': line('train 10'),
      'train-2': line('train 2'),
      'sfm-1': line('sfm'),
      'prepare-1': line('prepare'),
    });
    const { body } = await read(job);
    expect(messages(body)).toEqual(['prepare', 'sfm', 'train 2', 'train 10']);
  });

  it('answers the last lines, across stages', async () => {
    const job = await jobWith({ 'prepare-1': lines('prepare', 3), 'sfm-1': lines('sfm', 2) });
    expect(messages((await read(job, { tail: '3' })).body)).toEqual([
      'prepare 3',
      'sfm 1',
      'sfm 2',
    ]);
    expect(messages((await read(job, { tail: '1' })).body)).toEqual(['sfm 2']);
  });

  it('answers one stage on demand', async () => {
    const job = await jobWith({ 'prepare-1': lines('prepare', 2), 'sfm-1': lines('sfm', 2) });
    expect(messages((await read(job, { stage: 'prepare' })).body)).toEqual([
      'prepare 1',
      'prepare 2',
    ]);
  });

  it('is read to its end by cursors without losing or repeating a line while it grows', async () => {
    const job = await jobWith({ 'prepare-1': lines('prepare', 5) });
    const seen = messages((await read(job, { tail: '2' })).body);
    let after = (await read(job, { tail: '2' })).body.nextAfter;
    const readOn = async () => {
      const { body } = await read(job, { after, tail: '2' });
      seen.push(...messages(body));
      after = body.nextAfter;
      return body.lines.length;
    };
    expect(await readOn()).toBe(0);
    // The last line is still being written, and is not answered by halves.
    await append(job, 'prepare-1', lines('prepare', 6) + line('prepare 7').slice(0, 20));
    await readOn();
    await append(job, 'prepare-1', lines('prepare', 8));
    await append(job, 'sfm-1', lines('sfm', 3));
    while ((await readOn()) > 0);
    expect(seen).toEqual([
      ...['prepare 4', 'prepare 5', 'prepare 6', 'prepare 7', 'prepare 8'],
      ...['sfm 1', 'sfm 2', 'sfm 3'],
    ]);
  });

  it('reads long logs in pieces: no answer holds more than a piece, no line is lost', async () => {
    const long = Array.from({ length: 3000 }, (_, n) => line(`${n} ${'x'.repeat(900)}`)).join('');
    const job = await jobWith({ 'prepare-1': line('first'), 'train-1': long });
    expect((await read(job, { tail: '1000' })).body.lines).toHaveLength(1000);
    let after = (await read(job, { stage: 'prepare' })).body.nextAfter;
    let count = 0;
    for (let last = 1; last > 0; ) {
      const { body } = await read(job, { after, tail: '1000' });
      last = body.lines.length;
      count += last;
      after = body.nextAfter;
    }
    expect(count).toBe(3000);
  });

  it('gets past a line that is longer than a piece', async () => {
    const endless = `${line('before')}${'#'.repeat(2_500_000)}\n${line('behind')}`;
    const job = await jobWith({ 'sfm-1': endless });
    const seen: string[] = [];
    let after = 'sfm-1-0';
    for (let last = 1; last > 0; ) {
      const { body } = await read(job, { after });
      last = body.lines.length;
      seen.push(...messages(body));
      after = body.nextAfter;
    }
    expect([seen[0], seen.at(-1)]).toEqual(['before', 'behind']);
    expect(seen.join('').length).toBeLessThan(600_000);
  });

  it('keeps lines that are no JSON as messages', async () => {
    const job = await jobWith({ 'sfm-1': 'Segmentation fault\n[1, 2]\n' });
    expect(messages((await read(job)).body)).toEqual(['Segmentation fault', '[1, 2]']);
  });

  it('answers none before anything was logged', async () => {
    const { status, body } = await read(await jobWith({}));
    expect([status, body.lines, body.nextAfter]).toEqual([200, [], null]);
  });

  it.each([
    ['a cursor of its own making', { after: 'sfm' }, 'cursor_invalid'],
    ['a cursor of a stage that is none', { after: 'cook-1-0' }, 'cursor_invalid'],
    ['a stage that is none', { stage: 'cook' }, 'validation_failed'],
    ['no lines', { tail: '0' }, 'validation_failed'],
    ['too many lines', { tail: '1001' }, 'validation_failed'],
    ['an unknown parameter', { follow: 'true' }, 'validation_failed'],
  ])('refuses %s', async (_, query, code) => {
    const answer = await read(await jobWith({}), query as Record<string, string>);
    expect([answer.status, answer.body.code]).toEqual([422, code]);
  });
});
