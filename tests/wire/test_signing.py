"""The bytes a signature covers."""

from depthwalk.wire.signing import message_to_sign


def test_message_is_time_method_and_path() -> None:
    """The example of Kalshi's documentation: no separators, no host."""
    path = "/trade-api/v2/portfolio/events/orders"
    assert message_to_sign(1795251622696, "POST", path) == b"1795251622696POST/trade-api/v2/portfolio/events/orders"


def test_query_and_fragment_are_not_signed() -> None:
    """Signing the query gives 401, so it is cut off, whatever the caller passes."""
    assert message_to_sign(1, "get", "/trade-api/v2/markets?limit=5#top") == b"1GET/trade-api/v2/markets"


def test_percent_encoding_stays() -> None:
    """The signed path is the path as sent."""
    assert message_to_sign(1, "GET", "/a%20b") == b"1GET/a%20b"
