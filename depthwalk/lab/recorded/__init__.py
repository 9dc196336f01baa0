"""Recorded order books in the laboratory: read, cut into what is sure, replayed beside our orders. No synthetic traders."""
