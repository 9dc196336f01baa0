"""Pure functions of books and numbers: depth, splits, signals, the control law, fees, benchmarks."""
