"""Kalshi's JSON to domain values and back. No I/O."""
