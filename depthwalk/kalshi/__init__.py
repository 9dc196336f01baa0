"""The real exchange: signing, throttling, retrying, the REST client."""

import logging

# As in runtime/.
logging.getLogger(__name__).addHandler(logging.NullHandler())
