"""The draw of `--algo auto`, and its words. Deterministic in the execution id; nothing here reads a book or a configuration."""

import hashlib
from typing import Final

from depthwalk.domain.routing import MILLION, Routing

_PURPOSE: Final = b"depthwalk rollout "
_BYTES: Final = 8


def draw_of(execution_id: str) -> int:
    """Return the draw of an execution: 0 to 999,999 millionths, each as likely.

    The first 8 bytes of SHA-256 over "depthwalk rollout " and the id (UTF-8), read as a big-endian fraction of one and cut to
    millionths. The id is random, so this is a fair lot; and anybody can draw it again from the record. As a share is compared
    with the same draw whatever it is, raising it moves executions to the candidate and none back.
    """
    digest = hashlib.sha256(_PURPOSE + execution_id.encode()).digest()
    return int.from_bytes(digest[:_BYTES], "big") * MILLION >> 8 * _BYTES


def ratio_words(millionths: int) -> str:
    """Return a share or a draw as the configuration writes it: "0.5", "0.123456", "0"."""
    whole, rest = divmod(millionths, MILLION)
    return f"{whole}.{rest:06}".rstrip("0").rstrip(".")


def routing_words(routing: Routing) -> str:
    """Return what was decided, and why: "simple_limit, as the draw 0.7 is not below the share 0.5 of a thin book"."""
    if routing.liquidity is None or routing.share is None:
        return f"{routing.algorithm}, as the book had no class that a share is set for"
    below = "below" if routing.draw < routing.share else "not below"
    share = f"the share {ratio_words(routing.share)} of a {routing.liquidity.value} book"
    return f"{routing.algorithm}, as the draw {ratio_words(routing.draw)} is {below} {share}"
