"""Nothing is lost under fire: faults at random moments, many at once, many readers. `python -m tests.torture`."""
