"""Runs brought back from their journals."""

import pytest

from depthwalk.domain.messages import Event, Finish, Intent, MarketChanged, Started, SubmitOrder
from depthwalk.errors import DomainError
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import SimpleLimit, SimpleLimitParams
from depthwalk.runtime.replay import replay
from tests.support.paper_run import PaperRun, paper_run

Entries = list[tuple[Event, tuple[Intent, ...]]]


def walker() -> DynamicDepthWalker:
    """A fresh walker."""
    return DynamicDepthWalker(DynamicDepthWalkerParams())


@pytest.fixture(scope="module")
def run() -> PaperRun:
    """Return a whole run of the walker."""
    return paper_run(walker(), quantity=6_000, seed=2)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 1.0])
def test_the_executor_is_where_the_dead_one_was(run: PaperRun, share: float) -> None:
    """After any beginning of the journal: the same orders with the same fills, and the same answer to what comes next."""
    entries = run.journal.entries[: max(1, int(share * len(run.journal.entries)))]
    brought = replay(walker, entries)

    assert brought.faithful
    known = {child.client_id: child.filled for child in brought.executor.desk.children}
    sent = {intent.client_id for _, answer in entries for intent in answer if isinstance(intent, SubmitOrder)}
    assert sent == set(known)
    for event, answer in run.journal.entries[len(entries) :]:
        assert answer == brought.executor.handle(event)
    assert run.finish == brought.executor.finish


def test_the_ledger_survives_a_change_of_the_algorithm(run: PaperRun) -> None:
    """Where this version decides otherwise, orders and fills are rebuilt from what was written, to the last contract."""
    other = replay(lambda: SimpleLimit(SimpleLimitParams()), run.journal.entries)

    assert not other.faithful
    theirs = {child.client_id: (child.filled, child.total, child.price, child.status) for child in run.executor.desk.children}
    ours = {child.client_id: (child.filled, child.total, child.price, child.status) for child in other.executor.desk.children}
    assert theirs == ours
    assert run.executor.desk.children.fills == other.executor.desk.children.fills
    assert other.executor.finish is None


def test_the_market_is_the_latest_that_was_seen(run: PaperRun) -> None:
    """A grid that changed underway is the one that orders are canceled on."""
    started = run.journal.entries[0]
    assert isinstance(started[0], Started)
    other = run.executor.run.market
    brought = replay(walker, [started, (MarketChanged(at=started[0].at, market=other), ())])
    assert other is brought.market


@pytest.mark.parametrize("broken", ["nothing", "no start", "an answer to an order never sent"])
def test_what_is_no_journal_is_refused(run: PaperRun, broken: str) -> None:
    """One line that names what is missing; nothing is made up."""
    entries: Entries = list(run.journal.entries)
    if broken == "an answer to an order never sent":
        entries = [(event, tuple(each for each in answer if not isinstance(each, SubmitOrder))) for event, answer in entries]
    with pytest.raises(DomainError):
        replay(walker, {"nothing": [], "no start": entries[1:]}.get(broken, entries))


def test_a_finished_run_comes_back_finished(run: PaperRun) -> None:
    """So that only its result has to be written."""
    finish = replay(walker, run.journal.entries).executor.finish
    assert isinstance(finish, Finish)
    assert run.finish == finish
