"""Helpers for notebooks: charts in the colours of the report."""
