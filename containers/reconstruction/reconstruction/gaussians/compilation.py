"""How the kernels are compiled: once, for all cores, kept in numba's cache on disk.

`NUMBA_CACHE_DIR` moves the cache; by default it lies in `__pycache__` beside the sources. No kernel
uses atomics: every output element has one writer, so results do not depend on the thread count.
"""

import os

# OpenMP threads that wait would spin, and on a machine that is busy with other work keep the thread
# that they wait for off the core: 26 iterations of training in four seconds instead of 217. Read
# when numba loads OpenMP, at the first kernel.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from numba import njit

parallel_kernel = njit(parallel=True, fastmath=True, error_model="numpy", cache=True)
serial_kernel = njit(fastmath=True, error_model="numpy", cache=True)
# For what must come out the same to the last bit wherever it is compiled into.
exact_kernel = njit(error_model="numpy", cache=True)
exact_parallel_kernel = njit(parallel=True, error_model="numpy", cache=True)
