"""The only SQL: one SQLite file, its migrations, and what goes in and out."""
