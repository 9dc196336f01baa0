"""The embedded exchange: matching, account, clock, and the app that speaks Kalshi's JSON."""
