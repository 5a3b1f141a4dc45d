import { readFileSync } from 'node:fs';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { Alarm, runbookAnchors } from '../../lib/constructs/alarm.ts';
import { type Resource, stages } from './templates.ts';
import { temporaryFolder } from './temporary-folder.ts';

const anchorOf = ({ Properties }: Resource): string => Properties.AlarmDescription.split('#')[1];

describe.each(stages)('alarms of the stage $stage', ({ ofType, stage }) => {
  const alarms = ofType('AWS::CloudWatch::Alarm');
  const watches = (alarm: Resource, resource: Resource) =>
    JSON.stringify(alarm.Properties.Dimensions ?? []).includes(resource.id);

  it('each lead to a section of the runbook', () => {
    expect(alarms.length).toBeGreaterThan(0);
    const anchors = runbookAnchors();
    expect(alarms.filter((alarm) => !anchors.has(anchorOf(alarm)))).toEqual([]);
  });

  it('each tell someone when they ring and when it is over', () => {
    for (const { Properties } of alarms) {
      expect(Properties.AlarmActions).toHaveLength(1);
      expect(Properties.OKActions).toEqual(Properties.AlarmActions);
    }
  });

  it('watch every function for errors and throttles', () => {
    for (const lambda of ofType('AWS::Lambda::Function')) {
      const metrics = alarms
        .filter((alarm) => watches(alarm, lambda))
        .map(({ Properties }) => Properties.MetricName);
      expect(metrics, lambda.id).toEqual(expect.arrayContaining(['Errors', 'Throttles']));
    }
  });

  it('watch every queue; each of them is where events end that no one could take', () => {
    const queues = ofType('AWS::SQS::Queue');
    expect(queues.length).toBeGreaterThan(0);
    const targets = JSON.stringify([
      ofType('AWS::Events::Rule').map(({ Properties }) => Properties.Targets),
      ofType('AWS::Lambda::EventSourceMapping').map(({ Properties }) => Properties),
    ]);
    for (const queue of queues) {
      expect(
        alarms.filter((alarm) => watches(alarm, queue)),
        queue.id,
      ).toHaveLength(1);
      expect(targets).toContain(queue.id);
    }
  });

  it('watch GPUs that run without a job where they are paid for', () => {
    const leaks = alarms.filter((alarm) => anchorOf(alarm) === 'gpus-run-without-jobs');
    expect(leaks).toHaveLength(stage === 'aws' ? 1 : 0);
  });
});

describe('the runbook', () => {
  const folder = temporaryFolder();
  const text = readFileSync('docs/runbook.md', 'utf8');
  const sections = text.split(/^## /m).slice(1);

  it.each(sections.map((section) => [section.split('\n')[0] ?? '', section]))(
    '"%s" says what it means, where to look and what to do',
    (_, section) => {
      const parts = [...section.matchAll(/^\*\*(\w+)\.\*\*/gm)].map((match) => match[1]);
      expect(parts).toEqual(['Means', 'Look', 'Do']);
    },
  );

  it('has no section that no alarm leads to', () => {
    const led = stages.flatMap(({ ofType }) => ofType('AWS::CloudWatch::Alarm').map(anchorOf));
    const [title, ...anchors] = runbookAnchors();
    expect(title).toBe('runbook');
    expect(new Set(led)).toEqual(new Set(anchors));
  });

  it('has a section for an alarm, or the template is not made', () => {
    const app = new App({ outdir: folder });
    const stack = new Stack(app, 'Stack');
    new Alarm(stack, 'Alarm', 'alarm', {
      metric: new Metric({ namespace: 'Test', metricName: 'Test' }),
      threshold: 1,
      severity: 'page',
      runbook: 'nobody-knows',
      topic: new Topic(stack, 'Topic'),
    });
    expect(() => app.synth()).toThrow('docs/runbook.md has no section #nobody-knows.');
  });
});
