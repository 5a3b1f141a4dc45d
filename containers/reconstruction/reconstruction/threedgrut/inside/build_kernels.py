"""Compiles 3DGRUT's CUDA extensions while the image is built, so that no job has to.

Runs in 3DGRUT's environment, without a GPU: `TORCH_CUDA_ARCH_LIST` says what to compile for. The
renderer's code depends on the configuration, hence the same one as in command.py. 3DGRUT looks for
the renderer and the strategy beside their modules before it compiles them
(threedgut_tracer/tracer.py, threedgrut/strategy/mcmc.py), and would otherwise compile the renderer
in each new container again, because its preprocessor gives the sources a new date. The optimizer's
extension compiles when imported, and is then found in `TORCH_EXTENSIONS_DIR`.
"""

import argparse
import shutil
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, help="3DGRUT's checkout")
    parser.add_argument("configuration", help="such as apps/colmap_3dgut_mcmc.yaml")
    arguments = parser.parse_args()
    home = arguments.home.resolve()
    sys.path[0] = str(home)

    # Importing these registers the resolvers that the configuration uses.
    import threedgrut.utils.misc
    import train  # noqa: F401
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(home / "configs"), version_base=None):
        configuration = compose(arguments.configuration, overrides=["path=none"])

    import threedgrut.optimizers  # noqa: F401
    from threedgrut.strategy.src.setup_mcmc import setup_mcmc
    from threedgut_tracer.setup_3dgut import setup_3dgut

    install(setup_3dgut(configuration), home / "threedgut_tracer")
    install(setup_mcmc(), home / "threedgrut" / "strategy")


def install(extension, folder):
    """Put the compiled extension beside the module that looks for it."""
    shutil.copy2(extension.__file__, folder / f"{extension.__name__}.so")


if __name__ == "__main__":
    main()
