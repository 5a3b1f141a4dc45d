"""Stands in for 3DGRUT where there is no GPU: the same command line, files, folders and methods.

What it imitates is commit a37ef72. As Hydra does, it refuses an option that it does not know.
"""

import sys
from types import SimpleNamespace

from options import KNOWN_OPTIONS


def main():
    flag, configuration, *overrides = sys.argv[1:]
    if flag != "--config-name" or configuration != "apps/colmap_3dgut_mcmc.yaml":
        sys.exit(f"MissingConfigException: Cannot find primary config '{configuration}'")
    options = dict(KNOWN_OPTIONS)
    for override in overrides:
        key, _, value = override.partition("=")
        if key not in options:
            sys.exit(f"Could not override '{key}'.\nKey '{key}' is not in struct")
        options[key] = value

    from threedgrut.trainer import Trainer3DGRUT

    Trainer3DGRUT(SimpleNamespace(n_iterations=int(options["n_iterations"]), options=options)).run()


if __name__ == "__main__":
    main()
