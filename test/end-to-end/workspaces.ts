import { ulid } from 'ulid';
import { inject } from 'vitest';
import { accountFor } from '../../local/credentials.ts';

/** Someone new, with a workspace and a key of their own on the platform that all tests share. */
export async function newWorkspace() {
  const { baseUrl } = inject('credentials');
  const subject = ulid().toLowerCase();
  const account = await accountFor(
    { issuer: `${baseUrl}/oidc`, subject },
    { login: subject },
    inject('deployment'),
  );
  return { baseUrl, ...account };
}
