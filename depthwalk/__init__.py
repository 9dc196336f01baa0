"""depthwalk: record Kalshi order books, execute orders, and report what execution really cost."""

__version__ = "0.1.0"
