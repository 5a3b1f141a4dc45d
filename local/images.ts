import { dirname, join } from 'node:path';
import { findPython } from './python.ts';
import { type EnvironmentOptions, programsOf } from './python-environment.ts';
import { root } from './root.ts';

/**
 * How each job image runs on this machine, in the form that the emulator reads
 * (`local/emulator/README.md`): the sources under `containers/` with an environment of their own.
 */
export function jobImages(options: EnvironmentOptions = {}) {
  return {
    'cybernetic-physics/reconstruction': {
      workingDirectory: join(root, 'containers', 'reconstruction'),
      environment: {
        PATH: [
          programsOf('reconstruction', options),
          dirname(process.execPath),
          join(root, 'node_modules', '.bin'),
          '/usr/local/bin:/usr/bin:/bin',
        ].join(':'),
        PYTHONPATH: ['job-runtime', 'reconstruction']
          .map((folder) => join(root, 'containers', folder))
          .join(':'),
        NUMBA_CACHE_DIR: join(root, '.local', 'numba'),
      },
      prepareCommand: [
        '/usr/bin/env',
        ...installSettings(),
        process.execPath,
        join(root, 'local', 'python-environment.ts'),
        'reconstruction',
        ...(options.withTests ? ['--with-tests'] : []),
      ],
    },
  };
}

/** Which Python to build with and where packages come from: of this machine, not of any job. */
function installSettings(): string[] {
  const names = /^(PIP_|UV_|SSL_CERT_|(HTTPS?|ALL|NO)_PROXY$)/i;
  const kept = Object.entries(process.env).filter(([name]) => names.test(name));
  return [`PYTHON=${findPython().path}`, ...kept.map(([name, value]) => `${name}=${value}`)];
}
