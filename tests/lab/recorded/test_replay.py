import pickle
from dataclasses import replace
from fractions import Fraction

import pytest

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.order import Action, Outcome, Side
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import CONTRACT, Quantity, seconds
from depthwalk.errors import UsageError
from depthwalk.executors.simple_limit import LimitRule, SimpleLimitParams
from depthwalk.executors.state import EndAction
from depthwalk.executors.twap import TwapParams
from depthwalk.lab.recorded.queues import BRACKET, PROBABILISTIC, RISK_AVERSE, QueueModel
from depthwalk.lab.recorded.tape import Tape
from depthwalk.lab.recorded.task import replay_tasks
from depthwalk.lab.recorded.windows import Size, order_for, windows
from depthwalk.lab.running import Arm, Order
from tests.support.paper import at, book
from tests.support.taped import ASK, BID, tape

USUAL = book([(48, 60)], [(50, 40), (52, 70)])
ARMS = (
    Arm(name="simple", algorithm="simple_limit", params=SimpleLimitParams()),
    Arm(name="twap", algorithm="twap", params=TwapParams(end_action=EndAction.CROSS)),
)


def _recording(**more: float) -> Tape:
    """Two minutes and more in which the bid falls a cent and a level is refreshed."""
    changes = [(20.0, BID, 48, -60), (20.0, BID, 47, 30), (70.0, ASK, 50, 5), (71.0, ASK, 50, -5)]
    return tape(USUAL, *changes, until=more.get("until", 175.0), close=more.get("close"))


def test_a_window_every_so_often_and_away_from_the_ends() -> None:
    """The first 5 s after the start, the last 44 s and 5 s before the end, or before the close where that is earlier."""
    assert [at(5), at(65), at(125)] == [window.at for window in windows(_recording())]
    assert [at(5), at(65), at(125)] == [window.at for window in windows(_recording(until=174.0))]
    assert [at(5), at(65)] == [window.at for window in windows(_recording(until=173.9))]
    assert [at(5)] == [window.at for window in windows(_recording(close=100.0))]
    assert [7, 8] == [window.number for window in windows(_recording(), first=7, every=seconds(100))]
    assert [] == windows(_recording(until=50.0))


def test_a_window_needs_two_sides() -> None:
    """Without a mid nothing can be measured."""
    one_sided = tape(USUAL, (1, BID, 48, -60), (60, BID, 48, 10), until=175)
    assert [at(65), at(125)] == [window.at for window in windows(one_sided)]


def test_the_size_is_stated_in_touches() -> None:
    """One touch unless said, to 1/100 contract; what is above the touch says so."""
    recording = _recording()
    for size, quantity, above in (
        (None, 4_000, False),
        (Size(of_touch=Fraction("0.335")), 1_340, False),
        (Size(of_touch=Fraction(2)), 8_000, True),
        (Size(quantity=Quantity(4_001)), 4_001, True),
        (Size(of_touch=Fraction(1, 100_000)), 1, False),
    ):
        first = windows(recording, size=size)[0]
        assert (quantity, above) == (first.quantity, first.above_touch)


def test_the_class_is_what_the_side_that_is_taken_shows() -> None:
    """110 contracts within 3 cents for a buyer, 60 for a seller; and the seller's touch is the bid."""
    recording = _recording()
    seller = Order(outcome=Outcome.YES, action=Action.SELL)
    assert LiquidityClass.LIQUID is windows(recording)[0].liquidity
    first = windows(recording, order=seller)[0]
    assert (LiquidityClass.MODERATE, 6_000) == (first.liquidity, first.quantity)


@pytest.mark.parametrize("wrong", [{"every": seconds(0)}, {"every": seconds(-1)}])
def test_no_time_between_decisions_is_refused(wrong: dict[str, int]) -> None:
    """As are sizes of nothing."""
    with pytest.raises(UsageError, match="more than 0 between decisions"):
        windows(_recording(), **wrong)
    for size in ({"of_touch": Fraction(0)}, {"quantity": Quantity(0)}):
        with pytest.raises(UsageError, match="a size above 0"):
            Size(**size)


def test_the_work_is_cut_by_tape_model_and_class() -> None:
    """Both models always, and windows numbered through all tapes: the same number is the same moment for both."""
    thin = replace(_recording(), first=book([(48, 60)], [(50, 7)]))
    pieces = replay_tasks([_recording(), thin], ARMS)
    assert [
        ("liquid", "replay, risk-averse", [0, 1, 2]),
        ("liquid", "replay, probabilistic", [0, 1, 2]),
        ("thin", "replay, risk-averse", [3, 4, 5]),
        ("thin", "replay, probabilistic", [3, 4, 5]),
    ] == [(each.setting.class_name, each.setting.world, [one.number for one in each.moments]) for each in pieces]
    assert "a test, TAPED-1, replay, risk-averse, windows 0 to 2" == str(pieces[0])


def test_no_moment_to_decide_at_is_said() -> None:
    """With what was there and what it takes."""
    with pytest.raises(UsageError, match=r"no moment to decide at in 1 recorded stretches, the longest of 30 s") as refused:
        replay_tasks([_recording(until=30.0)], ARMS)
    assert "54 s without a gap" in (refused.value.hint or "")


def test_a_replay_measures_every_arm_in_every_window() -> None:
    """A touch of 40 at 50 cents is taken whole by the limit order: 2 % over a mid of 49, and more than half the level."""
    (piece,) = replay_tasks([_recording()], ARMS, models=(RISK_AVERSE,))
    trials = piece.run()
    assert [(0, "simple"), (0, "twap"), (1, "simple"), (1, "twap"), (2, "simple"), (2, "twap")] == [
        (trial.seed, trial.arm) for trial in trials
    ]
    first = trials[0]
    assert (4_000, 4_000 * 5_000, 1, 1.0) == (first.filled, first.paid, first.takes_beyond, first.worst_take)
    assert 100 * (50 - 49) / 49 == first.slippage
    assert {0} == {trial.overfilled + trial.orphans + trial.beyond_cap for trial in trials}


def test_what_is_recorded_happens_to_an_arm_when_it_was_recorded() -> None:
    """A bid that rests from 5 s on is reached by a seller at 20 s: it fills then, as far as he has, 15 s into its run."""
    sold = tape(book([(48, 60), (45, 9)], [(50, 40)]), (20.0, BID, 48, -60), (20.0, ASK, 48, 30), until=60)
    bid = Arm(name="bid", algorithm="simple_limit", params=SimpleLimitParams(limit_rule=LimitRule.BID))
    (piece,) = replay_tasks([sold], [bid], models=(RISK_AVERSE,))
    (trial,) = piece.run()
    assert (3_000, 3_000, seconds(15), 0) == (trial.filled, trial.maker, trial.first_fill, trial.takes_beyond)


def test_a_refused_take_fills_less_and_is_no_flag() -> None:
    """Half of the level is taken, by whoever asks for it."""
    (piece,) = replay_tasks([_recording()], ARMS[:1], models=(RISK_AVERSE,), strict=True)
    assert {(2_000, 0, 0.5)} == {(trial.filled, trial.takes_beyond, trial.worst_take) for trial in piece.run()[:1]}


def test_whatever_runs_a_piece_finds_the_same() -> None:
    """It is pickled, with its tape, and run anywhere, as often as one likes; arms do not feel one another."""
    piece = replay_tasks([_recording()], ARMS, models=(PROBABILISTIC,))[0]
    alone = replace(piece, arms=ARMS[1:])
    expected = piece.run()
    assert expected == pickle.loads(pickle.dumps(piece)).run()  # noqa: S301 - our own bytes
    assert [trial for trial in expected if trial.arm == "twap"] == alone.run()


@pytest.mark.parametrize("model", BRACKET)
def test_buying_no_is_selling_yes(model: QueueModel) -> None:
    """The same fills at mirrored prices, in the same windows."""
    recording = _recording()
    mirrored = replace(
        recording,
        first=recording.first.mirrored(),
        kind=1 - recording.kind,
        price=10_000 - recording.price,
        grid=STRUCTURES["linear_cent"],
    )
    no = Order(outcome=Outcome.NO, action=Action.BUY)
    (yes_piece,), (no_piece,) = (
        replay_tasks([one], ARMS, order=order, models=(model,)) for one, order in ((recording, Order()), (mirrored, no))
    )
    assert yes_piece.run() == no_piece.run()
    assert Side.SELL is order_for(no, CONTRACT).side
