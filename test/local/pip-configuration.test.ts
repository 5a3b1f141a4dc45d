import { describe, expect, it } from 'vitest';
import { uvVariables } from '../../local/pip-configuration.ts';

describe('uv gets its packages from where pip is told to', () => {
  it('a mirror, a certificate and more time, as pip has them', () => {
    const listing = [
      "global.index-url='https://mirror.example.com/simple'",
      "global.cert='/etc/ssl/mirror.pem'",
      ":env:.timeout='180'",
      ":env:.disable-pip-version-check='1'",
    ].join('\n');
    expect(uvVariables(listing, {})).toEqual({
      UV_DEFAULT_INDEX: 'https://mirror.example.com/simple',
      SSL_CERT_FILE: '/etc/ssl/mirror.pem',
      UV_HTTP_TIMEOUT: '180',
    });
  });

  it('the environment goes before what is said for install, and that before the rest', () => {
    const listing = [
      ":env:.index-url='https://third.example.com'",
      "global.index-url='https://first.example.com'",
      "install.index-url='https://second.example.com'",
    ];
    expect(uvVariables(listing.join('\n'), {}).UV_DEFAULT_INDEX).toBe('https://third.example.com');
    expect(uvVariables(listing.slice(1).join('\n'), {}).UV_DEFAULT_INDEX).toBe(
      'https://second.example.com',
    );
  });

  it('several further indexes stay several', () => {
    const listing = String.raw`global.extra-index-url='\nhttps://one.example.com\nhttps://two.example.com'`;
    expect(uvVariables(listing, {}).UV_INDEX).toBe(
      'https://one.example.com https://two.example.com',
    );
  });

  it('a folder of packages that is not there is left out, as pip does', () => {
    const listing = "global.find-links='/nowhere/wheels /tmp https://wheels.example.com'";
    expect(uvVariables(listing, {}).UV_FIND_LINKS).toBe('/tmp,https://wheels.example.com');
  });

  it('what uv has been told itself stays', () => {
    const listing = "global.index-url='https://mirror.example.com'";
    expect(uvVariables(listing, { UV_DEFAULT_INDEX: 'https://own.example.com' })).toEqual({});
  });

  it('pip without a configuration changes nothing', () => {
    expect(uvVariables('', {})).toEqual({});
  });
});
