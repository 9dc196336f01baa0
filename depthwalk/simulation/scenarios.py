"""The named synthetic markets and the parameters of their classes (design section 8, algorithms.md section 3.1). Data only."""

from dataclasses import dataclass, field, replace

from depthwalk.domain.book import Book
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.units import ONE, Price
from depthwalk.simulation.flow import MarketClass

LIQUID = MarketClass(
    name="liquid",
    provider_rate=5.0,
    half_gap=0.02,
    provider_reach=1.35,
    provider_life=10.0,
    provider_size=7.0,
    taker_rate=0.42,
    taker_size=7.0,
    insensitive_share=0.5,
    taker_reach=0.8,
    informed_rate=1.0,
    informed_threshold=0.7,
    volatility=0.08,
    news_interval=180.0,
    news_size=1.3,
    provider_lag=0.6,
    impact_per_contract=0.0015,
    impact_life=15.0,
    imbalance_weight=0.15,
    review_rate=4.0,
)
MODERATE = MarketClass(
    name="moderate",
    provider_rate=0.6,
    half_gap=0.10,
    provider_reach=1.6,
    provider_life=25.0,
    provider_size=6.0,
    taker_rate=0.14,
    taker_size=9.0,
    insensitive_share=0.45,
    taker_reach=1.0,
    informed_rate=0.5,
    informed_threshold=0.9,
    volatility=0.06,
    news_interval=130.0,
    news_size=1.2,
    provider_lag=1.2,
    impact_per_contract=0.005,
    impact_life=20.0,
    imbalance_weight=0.20,
    review_rate=2.0,
)
THIN = MarketClass(
    name="thin",
    provider_rate=0.12,
    half_gap=0.06,
    provider_reach=2.4,
    provider_life=100.0,
    provider_size=8.0,
    taker_rate=0.05,
    taker_size=15.0,
    insensitive_share=0.4,
    taker_reach=1.2,
    informed_rate=0.08,
    informed_threshold=1.0,
    volatility=0.065,
    news_interval=125.0,
    news_size=1.9,
    provider_lag=1.5,
    impact_per_contract=0.012,
    impact_life=30.0,
    imbalance_weight=0.25,
    review_rate=1.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named synthetic market; *structure* is the label of its price grid."""

    ticker: str
    title: str
    market_class: MarketClass
    structure: str = "linear_cent"
    fees: FeeSchedule = field(default_factory=FeeSchedule)


SCENARIOS: dict[str, Scenario] = {
    scenario.ticker: scenario
    for scenario in (
        Scenario(ticker="PAPER-THIN", title="Synthetic market, thin", market_class=THIN),
        Scenario(ticker="PAPER-MODERATE", title="Synthetic market, moderate", market_class=MODERATE),
        Scenario(ticker="PAPER-LIQUID", title="Synthetic market, liquid", market_class=LIQUID),
    )
}


def scenarios(copies: int = 1) -> dict[str, Scenario]:
    """Return the named markets, *copies* of each: the first as it is, the others with their number behind the ticker."""
    numbered = [(number, scenario) for number in range(1, copies + 1) for scenario in SCENARIOS.values()]
    several = [
        scenario if number == 1 else replace(scenario, ticker=f"{scenario.ticker}-{number}", title=f"{scenario.title} {number}")
        for number, scenario in numbered
    ]
    return {scenario.ticker: scenario for scenario in several}


def scenario_of(ticker: str) -> Scenario | None:
    """Return the named market that a ticker is, or is a copy of."""
    name, _, number = ticker.rpartition("-")
    return SCENARIOS.get(name if number.isdecimal() else ticker)


# What a class shows on average: spread in cents, and contracts within three cents of the best. Of the same table.
_USUAL_SPREAD = {"liquid": 1.2, "moderate": 1.92, "thin": 3.15}
_USUAL_DEPTH = {"liquid": 27_000, "moderate": 5_200, "thin": 3_500}
_UNKNOWN_HALF_SPREAD = 150


def depth_within(levels: tuple[tuple[Price, int], ...], within: int) -> int:
    """Return the quantity no further than *within* from the best of one side."""
    return sum(quantity for price, quantity in levels if abs(price - levels[0][0]) <= within)


def class_of(book: Book) -> MarketClass:
    """Return the class that carries a recorded book on, fitted to it.

    The class goes by the depth within 3 cents of the worse side. Where the book is wider than the class shows, every
    provider stands that much further off, and where it is deeper, every size grows in proportion: a 48-cent spread is not
    closed, nor a deep book thinned out, merely because the class's average looks otherwise.
    """
    rule = LiquidityRule()
    worse = min(depth_within(book.bids, rule.within), depth_within(book.asks, rule.within))
    found = LIQUID if worse >= rule.liquid else MODERATE if worse >= rule.moderate else THIN
    found = found.scaled(max(1.0, worse / _USUAL_DEPTH[found.name]))
    return found.widened(max(0.0, ((book.spread or 0) / 100 - _USUAL_SPREAD[found.name]) / 2))


def value_of(book: Book) -> float:
    """Return the value to start from, in cents: the mid, or beside a lone best price; 50 for an empty book."""
    if book.mid_twice is not None:
        return book.mid_twice / 200
    if book.best_bid is not None:
        return min(book.best_bid + _UNKNOWN_HALF_SPREAD, ONE) / 100
    if book.best_ask is not None:
        return max(book.best_ask - _UNKNOWN_HALF_SPREAD, 0) / 100
    return ONE / 200
