"""The laboratory: the same executors in virtual time, on synthetic worlds and recorded books, measured and compared."""
