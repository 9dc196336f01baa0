"""The verdict (algorithms.md section 4.5): data, need, benefit, safety, value, in this order; one word and one sentence.

Pure: it judges estimates that were made elsewhere. PILOT is as far as executions can lead whose algorithm was not drawn at
random; ADOPT takes randomised ones with real money.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from depthwalk.analysis.comparison import CandidateGain, Gap, worth
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.rules import Result, Rule
from depthwalk.domain.thresholds import Thresholds
from depthwalk.domain.units import DOLLAR


class Verdict(Enum):
    """What the report advises."""

    NOT_ENOUGH_DATA = "NOT_ENOUGH_DATA"
    KEEP_SIMPLE = "KEEP_SIMPLE"
    WATCH = "WATCH"
    PILOT = "PILOT"
    ADOPT = "ADOPT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One of the five questions, its answer, and why in a few words."""

    name: str
    result: Result
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """Ids of executions that bought too much, bought beyond their cap, or ended unknown: there must be none."""

    overfilled: tuple[str, ...] = ()
    beyond_cap: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def result(self) -> Result:
        """HOLDS where there is none."""
        return Result.FAILS if self.overfilled or self.beyond_cap or self.unknown else Result.HOLDS

    @property
    def words(self) -> str:
        """The counts."""
        return f"{len(self.overfilled)} overfilled, {len(self.beyond_cap)} beyond the cap, {len(self.unknown)} unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All the verdict rests on. *gaps* are the baseline's; each candidate brings its own. Candidates: simplest first."""

    executions: int
    rules: tuple[Rule, ...]
    gaps: tuple[Gap, ...]
    candidates: tuple[CandidateGain, ...]
    safety: Safety
    thresholds: Thresholds
    environment: str
    randomised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict with its five answers. *sensitivity* has the verdict with the rules' thresholds times each factor."""

    verdict: Verdict
    because: str
    stages: tuple[Stage, ...]
    gaps: tuple[Gap, ...]
    sensitivity: dict[float, Verdict]

    @property
    def flips(self) -> bool:
        """Whether another verdict comes of thresholds a quarter lower or higher."""
        return any(verdict is not self.verdict for verdict in self.sensitivity.values())


def decide(case: Case) -> Decision:
    """Return the verdict of a case."""
    verdict, because = _verdict(case)
    chosen = _chosen(case)
    needs = proven_needs(case.rules)
    needed, margin = case.thresholds.needs, 100 * case.thresholds.fill_margin
    gaps = case.gaps + tuple(gap for each in case.candidates for gap in each.gaps)
    stages = (
        Stage(name="data", result=Result.FAILS if case.gaps else Result.HOLDS, why=_data_words(case)),
        Stage(name="need", result=_need_result(case), why=f"{len(needs)} proven, {needed} warrant a change"),
        Stage(
            name="benefit",
            result=Result.UNDECIDED if chosen is None else chosen.result,
            why="no candidate was run" if chosen is None else _benefit_words(chosen, margin),
        ),
        Stage(name="safety", result=case.safety.result, why=case.safety.words),
        Stage(
            name="value",
            result=Result.UNDECIDED if chosen is None else worth(chosen.saving, case.thresholds),
            why=_value_words(chosen, case),
        ),
    )
    factors = sorted({*case.thresholds.sensitivity, 1.0})
    return Decision(
        verdict=verdict,
        because=because,
        stages=stages,
        gaps=gaps,
        sensitivity={factor: _verdict(case, factor)[0] for factor in factors},
    )


def proven_needs(rules: Sequence[Rule], factor: float = 1.0) -> list[str]:
    """Return the needs that hold in the whole interval; of alternatives one is enough."""
    return list(dict.fromkeys(rule.need for rule in rules if rule.need and rule.result(factor) is Result.HOLDS))


def _verdict(case: Case, factor: float = 1.0) -> tuple[Verdict, str]:
    if case.gaps:
        return Verdict.NOT_ENOUGH_DATA, _lacking(case.gaps, case)
    for rule in case.rules:
        if rule.veto and rule.result(factor) is Result.HOLDS:
            return Verdict.KEEP_SIMPLE, f"A veto holds ({rule.title.removeprefix('veto: ')}): {_VETO_WORDS[rule.key]}."
    needs = proven_needs(case.rules, factor)
    if not needs:
        return Verdict.KEEP_SIMPLE, f"None of the needs is proven: {case.thresholds.baseline} does not cost too much."
    names = ", ".join(_title(case.rules, need, factor) for need in needs)
    if len(needs) < case.thresholds.needs:
        count = f"{len(needs)} of the {case.thresholds.needs} needs that would warrant a change"
        return Verdict.WATCH, f"{count} {'is' if len(needs) == 1 else 'are'} proven ({names}): look again with more data."
    return _beyond_need(case, names)


def _beyond_need(case: Case, needs: str) -> tuple[Verdict, str]:
    """Judge benefit, safety and value once the need is proven."""
    chosen = _chosen(case)
    if chosen is None:
        return Verdict.NOT_ENOUGH_DATA, f"The need is proven ({needs}), but the configuration names no candidate."
    if chosen.gaps:
        return Verdict.NOT_ENOUGH_DATA, f"The need is proven ({needs}), but {_lower(_lacking(chosen.gaps, case))}"
    name, margin = chosen.algorithm, 100 * case.thresholds.fill_margin
    if chosen.result is Result.FAILS:
        return (
            Verdict.KEEP_SIMPLE,
            f"The need is proven ({needs}), but {name} does not answer it: {_benefit_words(chosen, margin)}.",
        )
    if chosen.result is Result.UNDECIDED:
        return (
            Verdict.WATCH,
            f"The need is proven ({needs}); whether {name} answers it is not: {_benefit_words(chosen, margin)}.",
        )
    if case.safety.result is Result.FAILS:
        return Verdict.KEEP_SIMPLE, f"{name} saves money, but not safely: {case.safety.words}."
    match worth(chosen.saving, case.thresholds):
        case Result.FAILS:
            return Verdict.KEEP_SIMPLE, f"{name} saves less in a year than it costs: {_value_words(chosen, case)}."
        case Result.UNDECIDED:
            return Verdict.WATCH, f"{name} may save less in a year than it costs: {_value_words(chosen, case)}."
    if case.randomised and case.environment == "live":
        return Verdict.ADOPT, f"{name} answers the need ({needs}) on randomised live orders: {_benefit_words(chosen, margin)}."
    missing = "on live orders" if case.randomised else "on orders drawn at random"
    return (
        Verdict.PILOT,
        f"{name} answers the need ({needs}): {_benefit_words(chosen, margin)}; confirm it {missing}, 10 % first.",
    )


def _chosen(case: Case) -> CandidateGain | None:
    """Return the simplest candidate that passes, else the one that comes closest: undecided, then lacking data, then failed."""

    def rank(each: CandidateGain) -> int:
        if each.result is Result.HOLDS:
            return 0
        if each.gaps:
            return 2
        return 1 if each.result is Result.UNDECIDED else 3

    return min(case.candidates, key=rank, default=None)


_VETO_WORDS = {
    "veto_average_slippage": "slippage is too small to be worth another algorithm",
    "veto_thin_share": "thin markets are too rare to be worth another algorithm",
    "veto_not_profitable": "first the strategy has to earn money",
}


def _title(rules: Sequence[Rule], need: str, factor: float) -> str:
    """Return what a proven need is called: the first of its statements that holds."""
    title = next(rule.title for rule in rules if rule.need == need and rule.result(factor) is Result.HOLDS)
    return title.removeprefix("or ")


def _need_result(case: Case) -> Result:
    if any(rule.veto and rule.result() is Result.HOLDS for rule in case.rules):
        return Result.FAILS
    if len(proven_needs(case.rules)) >= case.thresholds.needs:
        return Result.HOLDS
    possible = {rule.need for rule in case.rules if rule.need and rule.result() is not Result.FAILS}
    return Result.UNDECIDED if len(possible) >= case.thresholds.needs else Result.FAILS


def _data_words(case: Case) -> str:
    least = f"{case.thresholds.min_executions} executions in {case.thresholds.min_events} market-events"
    if not case.gaps:
        return f"{case.thresholds.baseline} has {least} in each class"
    return f"{case.thresholds.baseline} lacks data in {', '.join(gap.liquidity.value for gap in case.gaps)}; {least} each"


def _lacking(gaps: Sequence[Gap], case: Case) -> str:
    if not case.executions:
        least = f"{case.thresholds.min_executions} executions in {case.thresholds.min_events} market-events"
        return f"There are no executions: it takes {least} in each class."
    return f"Needed for {gaps[0].algorithm}: {'; '.join(gap_words(gap) for gap in gaps)}."


def gap_words(gap: Gap) -> str:
    """Say what is missing in a class."""
    missing = []
    if gap.executions:
        missing.append(f"{gap.executions} more execution{'' if gap.executions == 1 else 's'}")
    if gap.events:
        missing.append(f"{gap.events} more market-event{'' if gap.events == 1 else 's'}")
    return f"{gap.liquidity.value} {' and '.join(missing)}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _benefit_words(gain: CandidateGain, margin: float) -> str:
    """Say what the candidate saves where most executions are; or, where it does not pass, what it fails at or leaves open."""
    for wanted in (Result.FAILS, Result.UNDECIDED):
        for each in gain.classes:
            where = f"{each.liquidity.value} books"
            if each.saves() is wanted:
                return f"{_interval(each.gain, 2, 'cents a contract net', each.needed)} in {where}"
            if each.fills(margin) is wanted:
                return f"{_interval(each.fill, 1, 'points of fill', -margin)} in {where}"
    main = next((each for each in gain.classes if each.liquidity is gain.dominant), None)
    if main is None:
        return "no execution has a class"
    return f"{_interval(main.gain, 2, 'cents a contract net', main.needed)} in {main.liquidity.value} books"


def _interval(value: Estimate | None, decimals: int, unit: str, needed: float) -> str:
    if value is None or value.low is None or value.high is None:
        return f"{unit} unknown"
    low, high = f"{value.low:+.{decimals}f}", f"{value.high:+.{decimals}f}"
    return f"{value.value:+.{decimals}f} {unit} ({low} to {high}; above {needed:.{decimals}f} needed)"


def _value_words(gain: CandidateGain | None, case: Case) -> str:
    cost = f"a year costs ${case.thresholds.annual_cost / DOLLAR:,.2f}"
    if gain is None or gain.saving is None or gain.saving.low is None or gain.saving.high is None:
        return f"saving unknown; {cost}"
    low, high = gain.saving.low, gain.saving.high
    return f"saves ${gain.saving.value:,.2f} a year (${low:,.2f} to ${high:,.2f}); {cost}"
