import { describe, expect, it } from 'vitest';
import { failures } from '../../lambdas/reconstruction/failures.ts';
import { keptDays } from '../../lambdas/uploads/upload.ts';
import { stages } from './templates.ts';

describe.each(stages)('what functions say and the stage $stage says again', ({ ofType }) => {
  it('uploads expire in the bucket on the day on which their record does', () => {
    const expirations = ofType('AWS::S3::Bucket')
      .filter(({ Properties }) => /-uploads-/.test(Properties.BucketName))
      .flatMap(({ Properties }) => Properties.LifecycleConfiguration.Rules)
      .flatMap(({ ExpirationInDays = [] }) => ExpirationInDays);
    expect(expirations).toEqual([keptDays]);
  });

  it('faults of ours are counted by reasons that jobs end with', () => {
    const patterns = ofType('AWS::Logs::MetricFilter')
      .map(({ Properties }) => String(Properties.FilterPattern))
      .filter((pattern) => pattern.includes('$.reason'));
    const reasons = patterns.flatMap((pattern) =>
      [...pattern.matchAll(/\$\.reason = "(\w+)"/g)].map((match) => match[1]),
    );
    expect(reasons.length).toBeGreaterThan(0);
    expect(Object.keys(failures)).toEqual(expect.arrayContaining(reasons));
  });
});
