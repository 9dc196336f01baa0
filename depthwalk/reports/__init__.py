"""Data to text: the live table, plain lines, JSON."""
