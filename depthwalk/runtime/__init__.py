"""The only loops: the runner, settling of doubt, leaving, virtual time."""
