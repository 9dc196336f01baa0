"""Market classes out of recordings: what a recording shows is measured, and a class is sought that shows the same."""
