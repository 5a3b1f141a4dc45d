import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { stageApp } from '../../lib/stages/stage-app.ts';
import { stageNames } from '../../lib/stages/stage-by-name.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe.each(stageNames)('rules of AWS Solutions in the stage %s', (stage) => {
  const folder = temporaryFolder();

  it('are kept, or not with a reason', () => {
    expect(() => stageApp(stage, folder).app.synth()).not.toThrow();
  });

  it('stop a template that breaks one', () => {
    const { app } = stageApp(stage, folder);
    new Bucket(new Stack(app, 'Careless'), 'Bucket');
    expect(() => app.synth()).toThrow(
      /S3 Bucket has server access logs disabled[\s\S]*Careless\/Bucket/,
    );
  });
});
