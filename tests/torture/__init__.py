"""Nothing is lost under stress: faults at random moments, concurrency, many readers. `python -m tests.torture`."""
