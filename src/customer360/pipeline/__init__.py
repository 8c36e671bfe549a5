"""Fill, load and run, in the order the data travels; here the data, Spark and PostgreSQL meet."""
