import * as z from 'zod';
import { UserId } from '../platform/ids.ts';

/** A person, or a machine that signs in like one. */
export const User = z.object({
  userId: UserId,
  login: z.string(),
  email: z.string().optional(),
  /** Address of a picture. */
  avatar: z.string().optional(),
});
export type User = z.infer<typeof User>;

/** Someone as their OpenID Connect issuer knows them: the subject is unique within the issuer. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
}

/** What the issuer tells of someone besides who they are. */
export type Profile = Omit<User, 'userId'>;

export const toView = (user: User) => ({
  userId: user.userId,
  login: user.login,
  email: user.email ?? null,
  avatar: user.avatar ?? null,
});
