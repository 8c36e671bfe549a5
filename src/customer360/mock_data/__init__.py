"""Realistic mock customers: a plan and a seed give the same rows on every machine."""
