"""Realistic mock customers: the same plan gives the same rows on every machine."""
