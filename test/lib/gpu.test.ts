import { describe, expect, it } from 'vitest';
import { stages } from './templates.ts';

describe.each(stages)('machines for jobs of the stage $stage', ({ ofType, stage }) => {
  const environments = ofType('AWS::Batch::ComputeEnvironment');
  const definitions = ofType('AWS::Batch::JobDefinition');

  it('follow the newest version of their launch template', () => {
    for (const { Properties } of environments) {
      expect(Properties.ComputeResources.LaunchTemplate.Version['Fn::GetAtt'][1]).toBe(
        'LatestVersionNumber',
      );
    }
  });

  it('cost nothing while there is nothing to run, and never more than the limit', () => {
    expect(environments.length).toBeGreaterThan(0);
    for (const { Properties } of environments) {
      expect(Properties.ComputeResources.MinvCpus).toBe(0);
      expect(Properties.ComputeResources.MaxvCpus).toBeGreaterThan(0);
    }
  });

  it('are of the instance types that the stage names, with the AMI that has their driver', () => {
    for (const { Properties } of environments) {
      const { InstanceTypes, Ec2Configuration } = Properties.ComputeResources;
      expect(InstanceTypes).not.toContain('optimal');
      const hasGpu = InstanceTypes.every((type: string) => /^g\d/.test(type));
      expect(Ec2Configuration).toEqual([
        { ImageType: hasGpu ? 'ECS_AL2023_NVIDIA' : 'ECS_AL2023' },
      ]);
    }
  });

  it('are spot first, and on demand behind it where the stage allows that', () => {
    const typeOf = (reference: { 'Fn::GetAtt': [string, string] }) => {
      const found = environments.find(({ id }) => id === reference['Fn::GetAtt'][0]);
      const { Type, AllocationStrategy } = found?.Properties.ComputeResources ?? {};
      return [Type, AllocationStrategy];
    };
    const orders = ofType('AWS::Batch::JobQueue').map(({ Properties }) =>
      Properties.ComputeEnvironmentOrder.toSorted(byOrder).map((entry: OrderEntry) =>
        typeOf(entry.ComputeEnvironment),
      ),
    );
    const spot = ['SPOT', 'SPOT_PRICE_CAPACITY_OPTIMIZED'];
    const onDemand = ['EC2', 'BEST_FIT_PROGRESSIVE'];
    expect(orders).toEqual(Array(3).fill(stage === 'aws' ? [spot, onDemand] : [spot]));
  });

  it('are shared fairly, and jobs that can never run are given up', () => {
    for (const { Properties } of ofType('AWS::Batch::JobQueue')) {
      expect(Properties.SchedulingPolicyArn).toBeDefined();
      const reasons = Properties.JobStateTimeLimitActions.map(
        (action: { Reason: string }) => action.Reason,
      );
      expect(reasons.sort()).toEqual([
        'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
        'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE',
        'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT',
      ]);
    }
  });

  it('run jobs again that lost their host, that could not be started, or that ask for it', () => {
    for (const { Properties } of definitions) {
      expect(Properties.RetryStrategy).toEqual({
        Attempts: 5,
        EvaluateOnExit: [
          { Action: 'RETRY', OnStatusReason: 'Host EC2*' },
          { Action: 'RETRY', OnReason: 'CannotPullContainerError:*' },
          { Action: 'RETRY', OnExitCode: '75' },
          { Action: 'RETRY', OnExitCode: '137' },
          { Action: 'EXIT', OnReason: '*' },
        ],
      });
    }
  });

  it('start jobs as containers/README.md says, each for a limited time', () => {
    expect(definitions.map(({ Properties }) => Properties.ContainerProperties.Command)).toEqual(
      Array(2).fill(['python', '-m', 'job_runtime', 'reconstruction']),
    );
    for (const { Properties } of definitions) {
      expect(Properties.Timeout.AttemptDurationSeconds).toBeGreaterThan(0);
    }
  });

  it('have room for the jobs that are sent to them', () => {
    const vcpusOf = (requirements: { Type: string; Value: string }[]) =>
      Number(requirements.find(({ Type }) => Type === 'VCPU')?.Value);
    const largest = Math.max(
      ...definitions.map(({ Properties }) =>
        vcpusOf(Properties.ContainerProperties.ResourceRequirements),
      ),
    );
    for (const { Properties } of environments) {
      expect(Properties.ComputeResources.MaxvCpus).toBeGreaterThanOrEqual(largest);
    }
  });
});

interface OrderEntry {
  readonly Order: number;
  readonly ComputeEnvironment: { 'Fn::GetAtt': [string, string] };
}

const byOrder = (one: OrderEntry, other: OrderEntry) => one.Order - other.Order;
