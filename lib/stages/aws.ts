import type { StageConfig } from '../stage-config.ts';
import type { Place } from './place.ts';

/**
 * An AWS account. Without `-c account` the templates are made for the account of AWS's own
 * examples, which nobody can deploy to.
 *
 * Instances have 8 vCPUs and 32 GiB (g5, g6, m6, m7 `.2xlarge`), one job each; a job leaves 4 GiB to
 * the system and the ECS agent. Limits start below the GPU quotas that new accounts ask for
 * (L-DB2E81BA on demand, L-3819A6DF spot, in vCPUs).
 */
export const aws = ({
  account = '123456789012',
  region = 'us-east-1',
  frontDoorUrl = 'https://app.cyberneticphysics.com',
}: Place): StageConfig => ({
  name: 'aws',
  prefix: 'cybernetic-physics',
  account,
  region,
  availabilityZones: [`${region}a`, `${region}b`, `${region}c`],
  keepsData: true,
  logRetentionDays: 90,
  identity: {
    provider: 'cognito',
    domainPrefix: `cybernetic-physics-${account}`,
    callbackUrls: [`${frontDoorUrl}/signed-in`],
  },
  api: {
    allowedOrigins: [frontDoorUrl],
    requestsPerSecond: 200,
    burstRequests: 400,
    firewall: { requestsPerAddressPerFiveMinutes: 3000 },
  },
  reconstruction: {
    engine: '3dgrut',
    image: { source: 'build' },
    attemptMaxHours: 12,
    cpuJob: { vcpus: 8, memoryMebibytes: 28 * 1024, sharedMemoryMebibytes: 2048 },
    gpuJob: { vcpus: 8, memoryMebibytes: 28 * 1024, sharedMemoryMebibytes: 8192 },
  },
  compute: {
    cpu: {
      instanceTypes: ['m7i.2xlarge', 'm6i.2xlarge', 'm7a.2xlarge', 'm6a.2xlarge'],
      spotMaxVcpus: 128,
      onDemandMaxVcpus: 32,
    },
    l4: { instanceTypes: ['g6.2xlarge', 'g6.4xlarge'], spotMaxVcpus: 64, onDemandMaxVcpus: 32 },
    a10g: { instanceTypes: ['g5.2xlarge', 'g5.4xlarge'], spotMaxVcpus: 64, onDemandMaxVcpus: 32 },
    volumeGigabytes: 200,
  },
  network: { flowLogs: true },
  operations: { alarmEmail: null, gpusAreRented: true },
});
