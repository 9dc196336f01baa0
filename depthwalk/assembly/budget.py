"""The throttle of a run: shared with the machine's other processes of the same key, or its own. Nothing is sent here."""

import hashlib
import re
from typing import TYPE_CHECKING, Final, TypedDict

if TYPE_CHECKING:
    from depthwalk.config import Config
    from depthwalk.kalshi.throttle import Throttle
    from depthwalk.wire.account import AccountLimits

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.-]+")


class _Rules(TypedDict):
    limits: "AccountLimits | None"
    utilisation: float
    cancel_reserve: float
    calls_per_minute: int | None


def key_fingerprint(key_id: str) -> str:
    """Return what stands for a key where its id must not appear, as in the names of files."""
    return hashlib.sha256(key_id.encode()).hexdigest()[:16]


def private_throttle(config: "Config") -> "Throttle":
    """Return a throttle of its own as the configuration asks for; the basic tier where it leaves that to the venue."""
    from depthwalk.kalshi.throttle import Throttle

    return Throttle(**_rules(config))


def throttle_for(config: "Config", *, venue: str, key_id: str) -> "Throttle":
    """Return the throttle that all processes of this machine with that key share.

    Args:
        config: which tier, and how much of it to use; processes that disagree keep to the smaller of each.
        venue: the environment or the host: keys of different venues share nothing.
        key_id: which key; only its fingerprint is written.

    Raises:
        UsageError: the platform's state folder cannot be written.

    """
    import platformdirs

    from depthwalk.kalshi.shared_throttle import SharedThrottle
    from depthwalk.storage.shared_state import SharedFile

    name = f"{_UNSAFE.sub('_', venue)}-{key_fingerprint(key_id)}.json"
    return SharedThrottle(SharedFile(platformdirs.user_state_path("depthwalk") / "budgets" / name), **_rules(config))


def _rules(config: "Config") -> _Rules:
    from depthwalk.kalshi.throttle import Tier, published_limits

    limits = config.rate_limit
    tier = limits.tier.value
    return _Rules(
        limits=None if tier == "auto" else published_limits(Tier(tier)),
        utilisation=limits.utilisation,
        cancel_reserve=limits.cancel_reserve,
        calls_per_minute=limits.calls_per_minute,
    )
