"""Benchmarks of the dashboard: its server, a click in a real browser beside peers, sizes, many readers."""
