"""Your own data: from a file or query of any shape to rows of the source tables, or to reasons for rejection."""
