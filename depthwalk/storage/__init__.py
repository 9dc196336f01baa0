"""Everything that is kept: one SQLite file, and the only SQL of the project. Rows become domain values at this door."""
