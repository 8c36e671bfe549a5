"""
The expressions of a mapping: parsed, typed and evaluated here, so that their values do not depend on an engine.

`grammar` parses an expression, `bind` assigns types, and the other modules contain the functions. The values
are those of Apache Spark without ANSI mode: what fails for a row is null.
"""
