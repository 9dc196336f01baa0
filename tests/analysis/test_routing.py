"""The draw of `--algo auto`: fair, repeatable, and never against what a smaller share had decided."""

import hashlib
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.routing import draw_of, ratio_words, routing_words
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.routing import MILLION, Routing

IDS = [f"{number:032x}" for number in range(20_000)]
DRAWS = sorted(map(draw_of, IDS))
SHARES = st.integers(0, MILLION)


def _routing(draw: int, share: int | None, liquidity: LiquidityClass | None = LiquidityClass.THIN) -> Routing:
    return Routing(control="plain", candidate="new", liquidity=liquidity, share=share, draw=draw)


def test_the_draw_is_the_documented_one() -> None:
    """Anybody can draw again from the id alone: a version that draws otherwise would split an experiment in two."""
    assert 212_982 == draw_of("1137286df17c7bd51ef9feacf0f5ff52")
    for identity in IDS[:100]:
        digest = hashlib.sha256(f"depthwalk rollout {identity}".encode()).hexdigest()
        assert int(digest[:16], 16) * 1_000_000 // 2**64 == draw_of(identity)


@given(SHARES)
def test_the_part_that_is_drawn_is_the_share(share: int) -> None:
    """Over many ids, whatever the share: within what chance leaves of 20,000 draws (Kolmogorov's bound at 1 in 1,000)."""
    assert abs(bisect_left(DRAWS, share) / len(DRAWS) - share / MILLION) < 1.95 / len(DRAWS) ** 0.5


@given(st.text("0123456789abcdef", min_size=1, max_size=32), SHARES, SHARES)
def test_raising_the_share_moves_nobody_back(identity: str, one: int, other: int) -> None:
    """Who has the candidate at a share has it at every higher one; at 0 nobody, at 1 everybody."""
    draw = draw_of(identity)
    low, high = sorted((one, other))
    if "new" == _routing(draw, low).algorithm:
        assert "new" == _routing(draw, high).algorithm
    assert ["plain", "new"] == [_routing(draw, share).algorithm for share in (0, MILLION)]


def test_the_border_belongs_to_the_control() -> None:
    """A draw is below its share or it is not, to the millionth; without a class no draw counts."""
    assert ["plain", "new"] == [_routing(500_000, share).algorithm for share in (500_000, 500_001)]
    assert "plain" == _routing(0, None, None).algorithm


@pytest.mark.parametrize(
    ("millionths", "words"),
    [(0, "0"), (1, "0.000001"), (100_000, "0.1"), (123_456, "0.123456"), (999_999, "0.999999"), (MILLION, "1")],
)
def test_a_ratio_reads_as_in_the_configuration(millionths: int, words: str) -> None:
    """Exact, without zeros at the end."""
    assert words == ratio_words(millionths)


def test_the_words_say_what_and_why() -> None:
    """The algorithm, draw, share and class; or that there was no class."""
    assert "new, as the draw 0.25 is below the share 0.5 of a thin book" == routing_words(_routing(250_000, 500_000))
    assert "plain, as the draw 0.5 is not below the share 0.5 of a liquid book" == routing_words(
        _routing(500_000, 500_000, LiquidityClass.LIQUID)
    )
    assert "plain, as the book had no class that a share is set for" == routing_words(_routing(1, None, None))
