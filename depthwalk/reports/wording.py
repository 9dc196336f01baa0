"""How values read to people: dollars, contracts, cents, times, sides, and the few signs that need a fallback in ASCII.

Nothing here lays anything out. What programs read (JSON) is written by `result_json.py` from the exact units instead.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from depthwalk.domain.messages import Reason
from depthwalk.domain.order import Action, ParentOrder
from depthwalk.domain.result import CapOrigin, LiquidityClass, RunSnapshot, Status
from depthwalk.domain.units import SECOND, Duration, Money, Price, Quantity, format_price, to_datetime

ABSENT = "-"
"""What stands where there is no value; never a 0."""

OverflowMethod = Literal["ellipsis", "crop"]
"""How Rich ends a line that is too long."""

_MINUTE = 60 * SECOND
_HOUR = 60 * _MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """The signs beyond ASCII that tables use. *levels* are a sparkline's heights, lowest first."""

    at_most: str
    arrow: str
    cents: str
    full: str
    empty: str
    levels: str
    overflow: OverflowMethod

    def text(self, text: str) -> str:
        """Return *text* as `printable`, in ASCII where nothing else can be shown."""
        return printable(text) if self.overflow == "ellipsis" else printable(text).encode("ascii", "replace").decode()


UNICODE = Glyphs(at_most="≤", arrow="→", cents="¢", full="█", empty="░", levels="▁▂▃▄▅▆▇█", overflow="ellipsis")
ASCII = Glyphs(at_most="<=", arrow="->", cents="c", full="#", empty=".", levels="_.-=+*%#", overflow="crop")


def glyphs(encoding: str | None) -> Glyphs:
    """Return the signs that a stream of that encoding can show."""
    return UNICODE if (encoding or "").lower().replace("-", "").startswith("utf") else ASCII


def printable(text: str) -> str:
    """Return *text* on one line, with nothing in it that could steer a terminal (tickers and details come from outside)."""
    return "".join(c if c.isprintable() else " " for c in text)


def dollars(price: int | None) -> str:
    """Write a price: "$0.4200"."""
    return ABSENT if price is None else f"${format_price(price)}"


def contracts(quantity: int | None) -> str:
    """Write a quantity: "1,250.00"."""
    return ABSENT if quantity is None else f"{quantity // 100:,}.{quantity % 100:02d}"


def money(amount: int | None, *, signed: bool = False) -> str:
    """Write money to a hundredth of a cent: "$41.3650", "-$0.1200"; with *signed* a plus too."""
    if amount is None:
        return ABSENT
    hundredths = round(Fraction(abs(amount), 100))
    sign = "" if hundredths == 0 else "-" if amount < 0 else "+" if signed else ""
    return f"{sign}${hundredths // 10_000:,}.{hundredths % 10_000:04d}"


def mid(twice: int | None) -> str:
    """Write half of a bid plus an ask: "$0.4200", with a fifth decimal only where the half needs it."""
    if twice is None:
        return ABSENT
    return dollars(twice // 2) + ("5" if twice % 2 else "")


def average_price(paid: Money, filled: Quantity) -> Fraction | None:
    """Return the average fill price in Price units, exact; None where nothing is filled."""
    return Fraction(paid, filled) if filled else None


def dollars_of(price: Fraction | None) -> str:
    """Write an average price rounded to the price unit: "$0.4213"."""
    return ABSENT if price is None else dollars(round(price))


def worse_by(action: Action, average: Fraction | None, mid_twice: int | None) -> Fraction | None:
    """Return how much worse than the arrival mid the average is, in Price units; negative is better; None if undefined."""
    if average is None or mid_twice is None:
        return None
    difference = average - Fraction(mid_twice, 2)
    return difference if action is Action.BUY else -difference


def in_cents(price: Fraction, signs: Glyphs) -> str:
    """Write a signed difference of prices in cents: "+0.13 ¢"."""
    return f"{signed_number(float(price / 100), 2)} {signs.cents}"


def signed_number(value: float, decimals: int) -> str:
    """Write a number with its sign, but no sign on what rounds to 0."""
    text = f"{value:+.{decimals}f}"
    return text[1:] if not float(text) else text


def judgement(worse: Fraction | float) -> str:
    """Say in one word which way a signed cost goes, so that color is never the only sign."""
    return "worse" if worse > 0 else "better" if worse < 0 else "even"


def elapsed(duration: int | None) -> str:
    """Write a duration: "12.3 s", "12 min 04 s", "3 h 20 min"."""
    if duration is None:
        return ABSENT
    sign, size = ("-", -duration) if duration < 0 else ("", duration)
    if size < 10 * _MINUTE:
        return f"{sign}{size / SECOND:.1f} s"
    if size < _HOUR:
        return f"{sign}{size // _MINUTE} min {size % _MINUTE // SECOND:02d} s"
    return f"{sign}{size // _HOUR} h {size % _HOUR // _MINUTE:02d} min"


def moment(instant: int) -> str:
    """Write an Instant to the second, in UTC: "2026-05-13 20:20:37Z"."""
    return to_datetime(instant).strftime("%Y-%m-%d %H:%M:%SZ")


def side_words(parent: ParentOrder) -> str:
    """Say what the user does in the user's words: "BUY YES", "SELL NO"."""
    return f"{parent.action.value.upper()} {parent.outcome.value.upper()}"


def cap_words(origin: CapOrigin, action: Action) -> str:
    """Say what set the cap."""
    match origin:
        case CapOrigin.LIMIT:
            return "from --limit"
        case CapOrigin.SLIPPAGE:
            return "from max_slippage"
        case CapOrigin.NEXT_PRICE:
            return f"next price {'above' if action is Action.BUY else 'below'} the target"
        case CapOrigin.TARGET:
            return "the target itself"


def share(part: int, whole: int) -> str:
    """Write a share in whole percent, rounded down, so that 100 % means all of it."""
    return f"{100 * part // whole} %"


def since_start(snapshot: RunSnapshot, at: int) -> Duration:
    """Return the time from the start of the run to *at*; 0 before it has started."""
    return Duration(0 if snapshot.started_at is None else at - snapshot.started_at)


REASON_WORDS: dict[Reason, str] = {
    Reason.FILLED: "everything asked for is filled",
    Reason.HORIZON: "the time was over",
    Reason.STOPPED: "it was stopped",
    Reason.RECOVERED: "it was ended afterwards",
    Reason.MARKET_CLOSED: "the market takes no orders",
    Reason.REFUSED: "it was refused before anything was sent",
    Reason.REJECTED: "the exchange rejected an order",
    Reason.NO_BOOK: "there was no usable book",
    Reason.IN_DOUBT: "an order is in doubt",
    Reason.FAULT: "of a fault",
}

STATUS_STYLES: dict[Status, str] = {
    Status.RUNNING: "cyan",
    Status.FILLED: "bold green",
    Status.PARTIAL: "bold yellow",
    Status.UNFILLED: "bold yellow",
    Status.CANCELED: "yellow",
    Status.REFUSED: "bold red",
    Status.FAILED: "bold red",
    Status.UNKNOWN: "bold white on red",
}

CLASS_STYLES: dict[LiquidityClass, str] = {
    LiquidityClass.LIQUID: "green",
    LiquidityClass.MODERATE: "yellow",
    LiquidityClass.THIN: "red",
}

_BADGES = {
    "paper": (" PAPER ", "bold black on cyan"),
    "demo": (" DEMO ", "bold black on yellow"),
    "live": (" LIVE - REAL MONEY ", "bold white on red"),
}


def badge(environment: str) -> tuple[str, str]:
    """Return the text and style that name an environment; live is the loudest."""
    return _BADGES.get(environment, (f" {environment.upper()} ", "bold black on white"))


def prices(previous: Price | None, price: Price | None, signs: Glyphs) -> str:
    """Write a walk: "0.4200 → 0.4300"; only the new price for a first placement."""
    new = ABSENT if price is None else format_price(price)
    return new if previous is None else f"{format_price(previous)} {signs.arrow} {new}"
