"""Benchmarks of the dashboard: its server, a click in a real browser compared with peers, sizes, many readers."""
