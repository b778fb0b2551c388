"""The pure numerical core: numpy and numba, same input, same output.

Importing any engine module first points numba's cache to a folder of its own for exactly these
sources (``_compile_cache``), because numba does not notice edits in imported modules.
"""

from alm_pipeline.engine import _compile_cache

_compile_cache.activate()
