"""How the kernels are compiled: once, for all cores, kept in numba's cache on disk.

`NUMBA_CACHE_DIR` moves the cache; by default it lies in `__pycache__` beside the sources. No kernel
uses atomics: every output element has one writer, so results do not depend on the thread count.
"""

from numba import njit

parallel_kernel = njit(parallel=True, fastmath=True, error_model="numpy", cache=True)
serial_kernel = njit(fastmath=True, error_model="numpy", cache=True)
exact_kernel = njit(error_model="numpy", cache=True)
