"""The real exchange: signing, throttling, retrying, the REST client."""
