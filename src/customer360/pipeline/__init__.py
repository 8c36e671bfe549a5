"""Fill, load and run, in the order of the data flow; this package connects the data, Spark and PostgreSQL."""
