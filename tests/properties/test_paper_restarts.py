import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.units import Instant
from depthwalk.paper.journal import STANDSTILL
from tests.support.kept import ORDERS, SECOND, TICKERS, KilledError, World, create_body
from tests.support.paper import START

creates = st.builds(
    lambda body, client, life: {
        **body,
        **({} if client is None else {"client_order_id": f"dw-{client}"}),
        **({} if life is None else {"expiration_time": START // SECOND + life}),
    },
    st.builds(create_body, st.sampled_from(TICKERS), st.sampled_from(["bid", "ask"]), st.integers(40, 90), st.integers(1, 60)),
    st.none() | st.integers(0, 5),
    st.none() | st.integers(1, 90),
)
which = st.integers(0, 9)
commands = st.one_of(
    st.tuples(st.just("create"), creates),
    st.tuples(st.just("create"), creates),
    st.tuples(st.just("create"), creates),
    st.tuples(st.just("amend"), st.tuples(which, st.integers(40, 90), st.integers(1, 80))),
    st.tuples(st.just("decrease"), st.tuples(which, st.integers(1, 10))),
    st.tuples(st.just("cancel"), which),
    st.tuples(st.just("batch"), which),
    st.tuples(st.just("all"), st.none()),
    st.tuples(st.just("nonsense"), st.none()),
)
gaps = st.integers(0, 8 * SECOND) | st.just(0) | st.just(STANDSTILL + 1)
disturbances = st.lists(
    st.sampled_from(["restart", "checkpoint", "look", "tick", "look at one", "die before", "die after"]), max_size=3
)
steps = st.lists(st.tuples(gaps, commands, disturbances), min_size=1, max_size=8)


def _command(world: World, kind: str, given: object) -> object:
    ids = world.order_ids()

    def named(number: int) -> dict[str, str]:
        return {"order_id": ids[number % len(ids)] if ids else "unknown"}

    match kind, given:
        case "create", dict(body):
            return world.ask(f"POST {ORDERS}", body=body)
        case "amend", (int(number), int(cents), int(total)):
            order = world.exchange.ledger.by_id(named(number)["order_id"])
            body = {
                "ticker": order.ticker if order else TICKERS[0],
                "side": order.side.value if order else "bid",
                "price": f"0.{cents}00",
                "count": f"{total}.00",
            }
            return world.ask(f"POST {ORDERS}/{{order_id}}/amend", named(number), body)
        case "decrease", (int(number), int(count)):
            return world.ask(f"POST {ORDERS}/{{order_id}}/decrease", named(number), {"reduce_by": f"{count}.00"})
        case "cancel", int(number):
            return world.ask(f"DELETE {ORDERS}/{{order_id}}", named(number))
        case "batch", int(number):
            return world.ask(f"DELETE {ORDERS}/batched", body={"orders": [named(number), named(number + 1)]})
        case "all", None:
            return world.ask(f"DELETE {ORDERS}")
        case _:
            return world.ask(f"POST {ORDERS}", body={"ticker": 7})


@settings(max_examples=10)
@given(steps)
def test_a_restarted_exchange_is_the_one_that_never_was(steps: list[tuple[int, tuple[str, object], list[str]]]) -> None:
    """However often it dies, on either side of a commit too, and whoever looks in between: every reply is the same."""
    steady, restarted = World(), World()
    for gap, (kind, given_), disturbed in steps:
        for world in (steady, restarted):
            world.now = Instant(world.now + gap)
            world.kept.tick(world.now)
        died = False
        for disturbance in disturbed:
            match disturbance:
                case "restart":
                    restarted.start()
                case "checkpoint":
                    restarted.kept.checkpoint()
                case "look":
                    restarted.seen()
                case "tick":
                    restarted.kept.tick(restarted.now)
                case "look at one":
                    restarted.ask("GET /markets/{ticker}/orderbook", {"ticker": TICKERS[2]})
                case _ if not died:
                    died = disturbance == "die after"
                    restarted.log.dies = disturbance.removeprefix("die ")
                    with pytest.raises(KilledError):
                        _command(restarted, kind, given_)
                    restarted.log.dies = ""
                    restarted.start()
        replied = _command(steady, kind, given_)
        if not died:
            assert replied == _command(restarted, kind, given_)
        later = Instant(restarted.now + gap // 2 % (5 * SECOND))
        if disturbed:
            restarted.now = later
            restarted.seen()
        steady.now = restarted.now = later
        assert steady.seen() == restarted.seen()
    restarted.start()
    assert steady.seen() == restarted.seen()
