import type { StageConfig } from '../stage-config.ts';
import type { Place } from './place.ts';

/**
 * Everything on one machine: the emulator's account, jobs as local processes without CUDA.
 * One job on the CPU and one in the place of a GPU run at once, whatever their queue.
 */
export const laptop = ({
  account = '000000000000',
  region = 'us-east-1',
  frontDoorUrl = 'http://127.0.0.1:4000',
}: Place): StageConfig => ({
  name: 'laptop',
  prefix: 'cybernetic-physics',
  account,
  region,
  availabilityZones: [`${region}a`, `${region}b`],
  keepsData: false,
  logRetentionDays: 7,
  identity: {
    provider: 'oidc',
    issuer: `${frontDoorUrl}/oidc`,
    audience: 'cybernetic-physics',
    jwksUri: `${frontDoorUrl}/oidc/jwks`,
  },
  api: {
    allowedOrigins: [frontDoorUrl],
    requestsPerSecond: 1000,
    burstRequests: 1000,
    firewall: null,
  },
  reconstruction: {
    engine: 'cpu-lite',
    image: { source: 'registry', name: 'cybernetic-physics/reconstruction:laptop' },
    attemptMaxHours: 4,
    cpuJob: { vcpus: 2, memoryMebibytes: 4096, sharedMemoryMebibytes: 64 },
    gpuJob: { vcpus: 2, memoryMebibytes: 4096, sharedMemoryMebibytes: 64 },
  },
  compute: {
    cpu: { instanceTypes: ['m7i.large'], spotMaxVcpus: 2, onDemandMaxVcpus: 0 },
    l4: { instanceTypes: ['g6.xlarge'], spotMaxVcpus: 2, onDemandMaxVcpus: 0 },
    a10g: { instanceTypes: ['g5.xlarge'], spotMaxVcpus: 2, onDemandMaxVcpus: 0 },
    volumeGigabytes: 30,
  },
  network: { flowLogs: false },
  operations: { alarmEmail: null, gpusAreRented: false },
});
