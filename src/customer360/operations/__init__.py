"""
The operations: from the source rows to every result table, as pure functions of DataFrames.

Nothing here opens a session, reads, writes or uses the clock, so each operation runs the same in a test, in a
notebook, on a cluster and over Spark Connect. `run.results` wires them together.
"""
