"""What a signature covers, and the names of the headers that carry it. No keys and no cryptography here.

The client signs these bytes and the paper exchange verifies them; both take them from here (kalshi-api.md section 2.2).
"""

from typing import Final

KEY_HEADER: Final = "KALSHI-ACCESS-KEY"
"""The key id."""

TIMESTAMP_HEADER: Final = "KALSHI-ACCESS-TIMESTAMP"
"""Unix time in milliseconds, as a decimal string."""

SIGNATURE_HEADER: Final = "KALSHI-ACCESS-SIGNATURE"
"""The signature, base64."""


def message_to_sign(timestamp_ms: int, method: str, path: str) -> bytes:
    """Return the bytes to sign: milliseconds, method in upper case, path from the root; no separators.

    A query or a fragment in *path* is left out; percent-encoding stays as it is sent. The body is not signed.
    """
    bare = path.partition("?")[0].partition("#")[0]
    return f"{timestamp_ms}{method.upper()}{bare}".encode()
