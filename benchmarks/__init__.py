"""Benchmarks: each stage beside its peer and its limit, interleaved in one run. See README.md."""

import os

# Every process that is measured inherits this: a person's Python compiles a module once, not at every start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
