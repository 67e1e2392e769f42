"""budgetwatch: supervision of government budgets and spending for people's congresses (预算联网监督)."""

import os

__version__ = "0.1.0"

# Read when Polars loads. By default its allocator gives freed memory back within half a second and fetches it anew for
# the next piece of a file, which on a virtual machine was an eighth of the CPU of taking a file in.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:10000,muzzy_decay_ms:10000")
