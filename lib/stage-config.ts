import * as z from 'zod';

/** Instances behind one job queue: spot first, on demand behind it. */
const ComputePool = z.strictObject({
  /** EC2 instance types, any of which carries one job of the pool. */
  instanceTypes: z.array(z.string().regex(/^[a-z0-9-]+\.[a-z0-9]+$/)).min(1),
  spotMaxVcpus: z.int().positive(),
  /** 0 leaves the on-demand environment out. */
  onDemandMaxVcpus: z.int().nonnegative(),
});
export type ComputePool = z.infer<typeof ComputePool>;

/** What one job asks of its host. Memory lies below the host's: the agent needs some. */
const JobSize = z.strictObject({
  vcpus: z.int().positive(),
  memoryMebibytes: z.int().min(512),
  sharedMemoryMebibytes: z.int().positive(),
});

/** Where a job image comes from. */
const JobImage = z.discriminatedUnion('source', [
  /** Built from `containers/` when the stage is deployed; needs Docker there. */
  z.strictObject({ source: z.literal('build') }),
  /** A repository of the account and region of the stage. */
  z.strictObject({ source: z.literal('ecr'), repository: z.string(), tag: z.string() }),
  /** Any name that the host can pull without credentials. */
  z.strictObject({ source: z.literal('registry'), name: z.string() }),
]);
export type JobImage = z.infer<typeof JobImage>;

/** Who signs people in. */
const IdentityProvider = z.discriminatedUnion('provider', [
  z.strictObject({
    provider: z.literal('oidc'),
    issuer: z.url(),
    audience: z.string().min(1),
    jwksUri: z.url(),
  }),
  /** A Cognito user pool of the stage's own. */
  z.strictObject({
    provider: z.literal('cognito'),
    domainPrefix: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
    callbackUrls: z.array(z.url()).min(1),
  }),
]);
export type IdentityProvider = z.infer<typeof IdentityProvider>;

/** Everything in which one deployment of the platform differs from another. */
export const StageConfig = z.strictObject({
  name: z.enum(['laptop', 'aws']),
  /** Begins the names of stacks and of whatever needs a name of its own. */
  prefix: z.string().regex(/^[a-z][a-z0-9-]{2,30}$/),
  account: z.string().regex(/^\d{12}$/, 'An AWS account id has 12 digits'),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/),
  availabilityZones: z.array(z.string()).min(2),
  /** Whether tables, buckets and keys outlive their stack. */
  keepsData: z.boolean(),
  logRetentionDays: z.literal([7, 30, 90, 365]),
  identity: IdentityProvider,
  api: z.strictObject({
    /** Origins of web pages that may call the API and upload files. */
    allowedOrigins: z.array(z.url()).min(1),
    requestsPerSecond: z.int().positive(),
    burstRequests: z.int().positive(),
    /** null puts no firewall before the API. */
    firewall: z.strictObject({ requestsPerAddressPerFiveMinutes: z.int().min(10) }).nullable(),
  }),
  reconstruction: z.strictObject({
    engine: z.enum(['3dgrut', 'cpu-lite']),
    image: JobImage,
    /** One attempt of one stage; the job's own deadline is never later. */
    attemptMaxHours: z.int().positive(),
    cpuJob: JobSize,
    gpuJob: JobSize,
  }),
  compute: z.strictObject({
    cpu: ComputePool,
    l4: ComputePool,
    a10g: ComputePool,
    volumeGigabytes: z.int().min(30),
  }),
  network: z.strictObject({ flowLogs: z.boolean() }),
  operations: z.strictObject({
    /** Who hears of alarms; null leaves it to whoever subscribes to the topic. */
    alarmEmail: z.email().nullable(),
    /** Whether GPU instances cost money here, and are watched for running without a job. */
    gpusAreRented: z.boolean(),
  }),
});
export type StageConfig = z.infer<typeof StageConfig>;
