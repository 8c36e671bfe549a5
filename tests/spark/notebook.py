"""The first lines of notebook cells, in tests that interrupt them or kill what they use."""

WRITE_AND_COUNT = """
import os, signal, sys, threading
from customer360 import spark as sparks
from customer360.postgres.datasource import register

def write(rows, table):
    frame = spark.range(rows).write.format("postgres").option("url", sys.argv[1]).option("table", table)
    frame.mode("append").save()

def count(table):
    return spark.read.format("postgres").option("url", sys.argv[1]).option("table", table).load().count()
"""
AS_A_KERNEL = """
signal.signal(signal.SIGINT, signal.default_int_handler)  # as a notebook's kernel does for each cell
"""
