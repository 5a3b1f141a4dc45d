import { page } from './page.ts';

/** What a person sees who opens the platform's address. */
export const homePage = (frontDoorUrl: string): string =>
  page(
    'Cybernetic Physics Cloud',
    `<p>The platform runs on this machine.</p>
<ul>
  <li>API: <code>${frontDoorUrl}/v1</code>, <a href="/openapi.json">its routes</a>, <a href="/health">its health</a></li>
  <li>Your key: <code>.local/credentials.json</code></li>
  <li>Sign-in: <a href="/oidc/.well-known/openid-configuration">OpenID Connect</a></li>
  <li>The result of a job in 3D: <code>${frontDoorUrl}/view/jobs/&lt;job id&gt;</code></li>
</ul>`,
  );
