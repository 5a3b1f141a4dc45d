import { escapeHtml, page } from './page.ts';

/** Signing in on one's own machine: there is one person, and nobody else to keep out. */
export const signInPage = ({ login, email }: { login: string; email: string }): string =>
  page(
    'Sign in',
    `<p>This platform runs on your machine. Its one person is ${escapeHtml(email)}.</p>
<form method="post"><button autofocus>Sign in as ${escapeHtml(login)}</button></form>`,
  );
