import { ulid } from 'ulid';
import * as z from 'zod';

/**
 * Identifiers: a prefix that names the kind and a lowercase ULID, so that ids of one kind sort by
 * their time of creation. Each kind is its own type; one can't stand where another is meant.
 */
const prefixes = {
  job: 'JobId',
  upload: 'UploadId',
  key: 'KeyId',
  ws: 'WorkspaceId',
  usr: 'UserId',
  req: 'RequestId',
} as const;

export type IdPrefix = keyof typeof prefixes;

const idOf = <P extends IdPrefix>(prefix: P) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`))
    .brand<(typeof prefixes)[P]>();

export const JobId = idOf('job');
export const UploadId = idOf('upload');
export const KeyId = idOf('key');
export const WorkspaceId = idOf('ws');
export const UserId = idOf('usr');
export const RequestId = idOf('req');

export type JobId = z.infer<typeof JobId>;
export type UploadId = z.infer<typeof UploadId>;
export type KeyId = z.infer<typeof KeyId>;
export type WorkspaceId = z.infer<typeof WorkspaceId>;
export type UserId = z.infer<typeof UserId>;
export type RequestId = z.infer<typeof RequestId>;

interface IdTypes {
  job: JobId;
  upload: UploadId;
  key: KeyId;
  ws: WorkspaceId;
  usr: UserId;
  req: RequestId;
}

/** Makes ids. Injected, so that tests can make them predictable. */
export type NewId = <P extends IdPrefix>(prefix: P) => IdTypes[P];

/** The one source of random ids. */
export const newId: NewId = (prefix) => `${prefix}_${ulid().toLowerCase()}` as never;
