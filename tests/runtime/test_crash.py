"""A process killed at any step of its journal: what the next one finds, settles and records, on virtual time.

The default is a sample of all steps and some drawn stories; behind the marker `soak` every step and as many stories as
DEPTHWALK_STORM_RUNS says (5000 and every step: DEPTHWALK_STORM_RUNS=5000 pytest -m soak, about fifteen minutes on one core).
A failure names its whole story; `play(...)` of it is that story again.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

import pytest

from depthwalk.config.settings import varied
from depthwalk.domain.messages import (
    CancelOrder,
    Event,
    Finish,
    Look,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    Reason,
    Record,
    Recovering,
    Resumed,
    SubmitOrder,
    WakeAt,
    Woke,
)
from depthwalk.domain.order import Action, OrderStatus, Outcome
from depthwalk.domain.result import Status
from depthwalk.domain.units import Instant, in_seconds
from depthwalk.domain.units import seconds as in_microseconds
from depthwalk.executors.registry import ALGORITHMS, default_parameters
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import BaseParams, EndAction, Phase
from depthwalk.paper.fault_plan import FaultKind, FaultPlan, TimedFault
from depthwalk.runtime import readings
from depthwalk.runtime.replay import replay
from tests.support.crash import Death, Moment, Next, Story, Told, play, wrong
from tests.support.faults import check, intents, late, scripted
from tests.support.paper_run import paper_run
from tests.support.parameters import drawn_parameters, field_names

SOAK_RUNS = int(os.environ.get("DEPTHWALK_STORM_RUNS", "100"))
SOAK_FIRST = int(os.environ.get("DEPTHWALK_STORM_FIRST", "1000000"))

KINDS: dict[str, tuple[str, dict[str, object]]] = {name: (name, {}) for name in ALGORITHMS} | {
    "passive twap": ("twap", {"passive": True})
}
"""What is killed: every algorithm, and those whose orders are of another kind by a parameter."""

CASES = [(kind, end) for kind in KINDS for end in EndAction]
LINGERS = (0.0, 0.03, 0.08, 0.3)
LATE = (0.0, 0.0, 1.0, 4.0, 9.0, 14.0)
AWAY = (0.0, 2.0, 20.0, 200.0)


BRISK: dict[str, Sequence[object]] = {
    "walk_interval_seconds": (1.0,),
    "limit_rule": (LimitRule.MID,),
    "slices": (6,),
    "max_slippage": (0.05,),
}
"""What makes much happen in a few seconds."""


def params(kind: str, end: EndAction, lasts: float = 6.0) -> BaseParams:
    """Return parameters of a short run with everything in it: a rest at the end, and some walks or slices."""
    algorithm, more = KINDS[kind]
    brisk = {name: choices[0] for name, choices in BRISK.items() if name in field_names(algorithm)}
    changes = brisk | more | {"timeout_seconds": lasts, "end_action": end}
    return varied(default_parameters(algorithm), changes)


def whole(kind: str, end: EndAction, outcome: Outcome = Outcome.YES, action: Action = Action.BUY) -> Story:
    """Return a run that nobody kills; the order is larger than what fills before the end."""
    return Story(algorithm=KINDS[kind][0], params=params(kind, end), outcome=outcome, action=action, quantity=20_000, seed=3)


def sides(number: int) -> tuple[Outcome, Action]:
    """Return one of the four intents, so that the cases go through them all."""
    return list(Outcome)[number % 2], list(Action)[number // 2 % 2]


def killed_at(story: Story, steps: Iterable[int], rng: Random) -> list[str]:
    """Kill a run at each of these steps, in every way, and return what was wrong afterwards."""
    complaints = []
    for step in steps:
        for moment in Moment:
            for then in Next:
                after, away, lingers = rng.choice(LATE), rng.choice(AWAY), rng.choice(LINGERS)
                death = Death(step=step, moment=moment, lingers=lingers, late=after, away=away, then=then)
                killed = replace(story, deaths=(death,))
                complaints += [f"{killed}: {text}" for text in wrong(play(killed))]
    return complaints


def drawn(seed: int) -> Story:
    """Draw a story: up to three deaths, perhaps in bad weather, perhaps with a newer version after the crash."""
    rng = Random(seed)
    algorithm = rng.choice(list(ALGORITHMS))
    deaths = tuple(
        Death(
            step=rng.randint(1, rng.choice((8, 30, 60)) if first else 12),
            moment=rng.choice(list(Moment)),
            lingers=rng.choice(LINGERS),
            late=rng.choice(LATE),
            away=rng.choice(AWAY),
            then=rng.choice(list(Next)),
        )
        for first in (True, False, False)[: rng.choice((1, 1, 2, 3))]
    )
    bad = rng.random() < 0.5
    weather = tuple(
        FaultPlan(
            seed=4 * seed + number,
            writes=rng.choice((0.05, 0.3)),
            reads=rng.choice((0.0, 0.1)),
            lag_seconds=rng.choice((0.0, 0.4, 2.0)),
        )
        for number in range(len(deaths) + 1 if bad else 0)
    )
    return Story(
        algorithm=algorithm,
        params=drawn_parameters(algorithm, rng, **(BRISK | {"timeout_seconds": (4.0, 6.0, 12.0), "slices": (1, 6)})),
        outcome=rng.choice(list(Outcome)),
        action=rng.choice(list(Action)),
        ticker=rng.choice(("PAPER-THIN", "PAPER-MODERATE", "PAPER-LIQUID")),
        quantity=rng.choice((100, 6_000, 20_000, 50_000)),
        seed=rng.randint(0, 50),
        deaths=deaths,
        weather=weather,
        forgetful=rng.random() < 0.2,
    )


def tell(seeds: Iterable[int]) -> list[str]:
    """Play drawn stories and return what was wrong afterwards."""
    return [f"seed {seed}: {text}" for seed in seeds for text in wrong(play(drawn(seed)))]


@pytest.mark.parametrize(("kind", "end"), CASES)
def test_a_kill_costs_neither_money_nor_orders(kind: str, end: EndAction) -> None:
    """Killed here and there: position = recorded fills <= requested, nothing rests, recovery sends nothing, all replays."""
    number = CASES.index((kind, end))
    story = whole(kind, end, *sides(number))
    steps = len(play(story).journal.entries)

    assert steps >= 10
    assert [] == killed_at(story, range(1 + number % (steps // 2), steps + 1, steps // 2), Random(number))


@pytest.mark.parametrize("first", [0, 12])
def test_drawn_stories_add_up(first: int) -> None:
    """Several deaths, bad weather, another version after the crash: the same holds, of any algorithm with any parameters."""
    assert [] == tell(range(first, first + 12))


@pytest.mark.soak
@pytest.mark.parametrize(("kind", "end"), CASES)
def test_a_kill_at_any_step_costs_neither(kind: str, end: EndAction) -> None:
    """As the sample, at every step; a long soak kills at every step with other delays and the other intents as well."""
    for seed in range(1 + SOAK_RUNS // 2_000):
        story = whole(kind, end, *sides(CASES.index((kind, end)) + seed))
        steps = len(play(story).journal.entries)
        assert [] == killed_at(story, range(1, steps + 1), Random(seed))


@pytest.mark.soak
@pytest.mark.skipif(not SOAK_RUNS, reason="DEPTHWALK_STORM_RUNS says how many stories; some are always part of the suite")
def test_many_drawn_stories_add_up() -> None:
    """As the short one, as many as asked for."""
    assert [] == tell(range(SOAK_FIRST, SOAK_FIRST + SOAK_RUNS))


# --- one by one -----------------------------------------------------------------------------------------------------


def step_of(told: Told, wanted: type) -> int:
    """Return the number of the first step with such an event or intent in it."""
    return next(
        number
        for number, (event, intents) in enumerate(told.journal.entries, start=1)
        if isinstance(event, wanted) or any(isinstance(intent, wanted) for intent in intents)
    )


def resting(quantity: int = 20_000, lasts: float = 20.0) -> Story:
    """Return a run of one order that rests below the market."""
    return Story(
        algorithm="simple_limit",
        params=SimpleLimitParams(timeout_seconds=lasts, limit_rule=LimitRule.BID),
        ticker="PAPER-THIN",
        quantity=quantity,
    )


def after(story: Story, death: Death) -> Told:
    """Play a story with one death in it, and hold what every story owes."""
    told = play(replace(story, deaths=(death,)))
    assert [] == list(wrong(told))
    return told


@pytest.mark.parametrize("seconds", [0.5, 4.0, 9.0, 14.0])
def test_a_create_that_comes_after_the_crash_is_waited_for(seconds: float) -> None:
    """As long as the dead process's request is good, the recovery looks for it; then it is canceled, its fills kept."""
    step = step_of(play(resting()), SubmitOrder)
    told = after(resting(), Death(step=step, moment=Moment.HANDED_OUT, late=seconds))

    assert [OrderStatus.CANCELED] == [order.status for order in told.exchange.ledger.orders()]
    assert Reason.RECOVERED is told.journal.entries[-1][1][-1].reason  # type: ignore[union-attr]


def test_a_create_that_comes_late_and_fills_at_once_is_found() -> None:
    """It never rests, so only the list of all orders has it: every fill of it is on record."""
    story = Story(
        algorithm="simple_limit", params=SimpleLimitParams(limit_rule=LimitRule.CAP), ticker="PAPER-LIQUID", quantity=500
    )
    told = after(story, Death(step=step_of(play(story), SubmitOrder), moment=Moment.HANDED_OUT, late=9.0))

    assert told.result is not None
    assert Status.FILLED is told.result.status


def test_no_run_ends_while_a_request_of_its_own_may_arrive() -> None:
    """Not only after a crash: given up after 3 s, written off after 8, the run over at 6, and it comes to rest at 14."""
    run = paper_run(
        SimpleLimit(SimpleLimitParams(timeout_seconds=6.0, limit_rule=LimitRule.BID)),
        ticker="PAPER-THIN",
        wrap=scripted(late(1, 14.0)),
    )

    check(run)
    assert [OrderStatus.CANCELED] == [order.status for order in run.exchange.ledger.orders()]
    assert ["wait"] == [record.what for record in intents(run, Record) if record.what == "wait"]


def test_a_create_that_was_never_sent_is_given_up_in_time() -> None:
    """Written down and never sent: after half a minute no request of the dead process is good any more, and that is said."""
    step = step_of(play(resting()), SubmitOrder)
    told = after(resting(), Death(step=step))
    event, intents = told.journal.entries[-1]

    assert [] == list(told.exchange.ledger.orders())
    assert 29 < in_seconds(event.at - told.journal.entries[step][0].at) < 40
    assert "never arrived" in intents[-1].detail  # type: ignore[union-attr]


def test_fills_that_a_reply_reported_are_read_by_the_next_process() -> None:
    """Killed between the reply that says filled and the reading of the fills: they are imported, each once."""
    story = Story(
        algorithm="simple_limit", params=SimpleLimitParams(limit_rule=LimitRule.CAP), ticker="PAPER-LIQUID", quantity=500
    )
    step = step_of(play(story), OrderAccepted)
    for then in Next:
        told = after(story, Death(step=step, away=20.0, then=then))
        fills = [event for event, _ in told.journal.entries[step:] if isinstance(event, OrderFilled)]
        assert 500 == sum(event.fill.quantity for event in fills)
        assert told.result is not None
        assert Status.FILLED is told.result.status


def test_a_crash_between_the_end_and_its_record_costs_only_the_record() -> None:
    """The journal says how it ended: the next process asks nobody, and measures what the dead one would have."""
    story = whole("dynamic_depth_walker", EndAction.CROSS)
    alive = play(story)
    told = after(story, Death(step=step_of(alive, Finish)))

    assert ["run"] == told.kinds
    assert alive.result == told.result


@pytest.mark.parametrize("then", Next)
def test_a_run_whose_orders_have_expired_is_brought_to_its_end(then: Next) -> None:
    """Long after: what expired is no order any more; a resumed run sends the rest anew and works the time it had left."""
    step = step_of(play(resting()), OrderAccepted)
    told = after(resting(), Death(step=step + 1, away=4_000.0, then=then))

    orders = told.exchange.ledger.orders()
    assert (2 if then is Next.RESUME else 1) == len(orders)
    assert told.result is not None
    assert in_seconds(told.result.total_time) <= 22


@pytest.mark.parametrize("away", [0.0, 3_600.0])
def test_a_run_that_ended_in_doubt_is_settled_later(away: float) -> None:
    """The line is dead from the first order on: the run ends in doubt. Whenever somebody recovers it, all adds up."""
    silence = FaultPlan(times=(TimedFault(at=1.0, fault=FaultKind.DROPPED, seconds=600.0),))
    told = play(replace(resting(), weather=(silence,), deaths=(Death(step=10_000, away=away),)))

    assert Reason.IN_DOUBT in [
        intent.reason for _, intents in told.journal.entries for intent in intents if isinstance(intent, Finish)
    ]
    assert [] == list(wrong(told))
    assert told.result is not None
    assert Status.UNKNOWN is not told.result.status


def test_a_resumed_end_game_crosses_once() -> None:
    """Killed with the last order out, whether it arrived or not: it is never sent a second time."""
    story = whole("dynamic_depth_walker", EndAction.CROSS)
    entries = play(story).journal.entries
    step = max(n for n, (_, intents) in enumerate(entries, start=1) for i in intents if isinstance(i, SubmitOrder))
    for moment in Moment:
        told = after(story, Death(step=step, moment=moment, away=20.0, then=Next.RESUME))
        crossing = [i for _, intents in told.journal.entries for i in intents if isinstance(i, SubmitOrder) and i.split < 0]
        assert 1 == len(crossing)
        assert isinstance(told.journal.entries[step][0], Resumed)


def test_a_resumed_end_game_looks_anew() -> None:
    """Killed while it looked once more before the order for the rest: what the next process has seen is older still."""
    crossing = SimpleLimitParams(timeout_seconds=20.0, end_action=EndAction.CROSS, limit_rule=LimitRule.BID)
    story = Story(algorithm="simple_limit", params=crossing, quantity=2_000, seed=3)
    entries = play(story).journal.entries
    step = step_of(play(story), CancelOrder)
    executor = replay(story.executor, entries[:step]).executor
    late, resumed = (Instant(entries[step][0].at + in_microseconds(wait)) for wait in (12, 60))

    def looks(event: Event) -> bool:
        return any(isinstance(intent, WakeAt) and intent.look is Look.BOOK for intent in executor.handle(event))

    assert looks(replace(entries[step][0], at=late))
    assert not looks(Resumed(at=resumed))
    assert looks(Woke(at=resumed, look=Look.ORDERS))
    assert Phase.CLOSING is executor.phase


def test_a_resumed_run_decides_nothing_before_it_has_looked() -> None:
    """Between the halves of cancel and send anew: however young, what was seen before the crash is not the book."""
    entries = play(replace(whole("dynamic_depth_walker", EndAction.CROSS), seed=0)).journal.entries
    step, canceled = next(
        (number, event)
        for number, (event, intents) in enumerate(entries)
        if isinstance(event, OrderCanceled) and any(isinstance(intent, SubmitOrder) for intent in intents)
    )
    executor = replay(whole("dynamic_depth_walker", EndAction.CROSS).executor, entries[:step]).executor
    executor.handle(Resumed(at=canceled.at))

    assert [] == [intent for intent in executor.handle(canceled) if isinstance(intent, SubmitOrder)]


def test_an_order_that_would_not_be_listed_any_more_stays_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recovered after longer than the venue lists what has ended: that it is not there says nothing."""
    monkeypatch.setattr(readings, "LISTED", in_microseconds(60))
    step = step_of(play(resting()), SubmitOrder)
    told = play(replace(resting(), deaths=(Death(step=step, away=120.0),)))

    assert told.result is not None
    assert Status.UNKNOWN is told.result.status
    assert "so long ago" in told.result.finish.detail


def test_a_recovery_that_is_killed_is_recovered() -> None:
    """At each of its steps: the next one carries on, and cancels what the first one did not."""
    step = step_of(play(resting()), OrderAccepted)
    first = after(resting(), Death(step=step))
    lasts = len(first.journal.entries) - step
    for killed in range(1, lasts + 1):
        told = play(replace(resting(), deaths=(Death(step=step), Death(step=killed, moment=Moment.WRITTEN))))
        assert [] == list(wrong(told))
        assert 1 <= sum(isinstance(event, Recovering) for event, _ in told.journal.entries)
        assert any(isinstance(intent, CancelOrder) for _, intents in told.journal.entries[step:] for intent in intents)
