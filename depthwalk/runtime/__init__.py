"""The only loops: the runner, settling of doubt, leaving, recording, virtual time."""

import logging

# Whoever wants these lines asks for them (--verbose); unasked they would be written over the live table.
logging.getLogger(__name__).addHandler(logging.NullHandler())
