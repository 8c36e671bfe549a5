"""Benchmarks: each stage beside its peer and its limit, interleaved in one run. See README.md."""
