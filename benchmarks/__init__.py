"""Benchmarks: each stage next to its peer and its limit, interleaved in one run. See README.md."""

import os

# Inherited by every measured process: a user's Python compiles a module once, not at every start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
