"""What exists and what can happen: values, books, orders, messages. No I/O, no clock, no randomness."""
