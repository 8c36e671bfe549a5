"""
The expressions of a mapping: read, typed and evaluated here, so that their values depend on no engine.

`grammar` reads an expression, `bind` gives it types, and the other modules hold the functions. The values are
those that Apache Spark gives without ANSI mode: what does not work out for a row is null.
"""
