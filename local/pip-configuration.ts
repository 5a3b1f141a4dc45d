import { existsSync } from 'node:fs';

/**
 * uv reads no configuration of pip's. Whoever has told pip where their packages come from (a
 * mirror, a certificate, a proxy) has told uv too: this turns the one into the other.
 *
 * @param listing what `pip config list` prints: `global.index-url='https://…'`, a line each
 * @returns variables for uv, without those that `environment` has already
 */
export function uvVariables(
  listing: string,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const settings = pipSettings(listing);
  const variables = Object.entries(equivalents).flatMap(([option, { variable, convert }]) => {
    const value = settings.get(option);
    const converted = value === undefined ? '' : convert(value);
    return converted === '' || variable in environment ? [] : [[variable, converted]];
  });
  return Object.fromEntries(variables);
}

const asItIs = (value: string) => value;
const words = (value: string) => value.split(/\s+/).filter(Boolean);
const isTrue = (value: string) => (/^(1|true|yes|on)$/i.test(value) ? '1' : '');

/** https://docs.astral.sh/uv/reference/environment beside https://pip.pypa.io/en/stable/cli/pip */
const equivalents: Record<string, { variable: string; convert: (value: string) => string }> = {
  'index-url': { variable: 'UV_DEFAULT_INDEX', convert: asItIs },
  'extra-index-url': { variable: 'UV_INDEX', convert: (value) => words(value).join(' ') },
  'no-index': { variable: 'UV_NO_INDEX', convert: isTrue },
  // pip passes over folders that are not there; uv would stop.
  'find-links': {
    variable: 'UV_FIND_LINKS',
    convert: (value) => words(value).filter(isUrlOrPresent).join(','),
  },
  'trusted-host': { variable: 'UV_INSECURE_HOST', convert: (value) => words(value).join(' ') },
  timeout: { variable: 'UV_HTTP_TIMEOUT', convert: asItIs },
  cert: { variable: 'SSL_CERT_FILE', convert: asItIs },
  proxy: { variable: 'ALL_PROXY', convert: asItIs },
};

const isUrlOrPresent = (place: string) => /^[a-z+]+:\/\//.test(place) || existsSync(place);

/** Later sections win: what is said for `install`, and in the environment most of all. */
const sections = ['global', 'install', ':env:'];

function pipSettings(listing: string): Map<string, string> {
  const found = listing.split('\n').flatMap((line) => {
    const match = /^(global|install|:env:)\.([a-z-]+)=(['"])(.*)\3$/.exec(line.trim());
    if (!match) return [];
    const [, section = '', option = '', , quoted = ''] = match;
    return [{ section, option, value: quoted.replaceAll('\\n', ' ').replaceAll('\\\\', '\\') }];
  });
  found.sort((a, b) => sections.indexOf(a.section) - sections.indexOf(b.section));
  return new Map(found.map(({ option, value }) => [option, value.trim()]));
}
