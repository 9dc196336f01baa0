"""NautilusTrader and hftbacktest on the events of a file: run by bench_replay.py in a virtual environment that has them.

python replay_peers.py nautilus|hftbacktest EVENTS.npz SLICE_SECONDS; prints one line of JSON. The file holds, event by event,
the time in microseconds, whether it is an ask, the price in dollars and the quantity that the level has from then on.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

PARENT = 1_000_000.0


def nautilus(events: np.lib.npyio.NpzFile, slice_seconds: float) -> dict[str, object]:
    """Run a backtest on L2 deltas in which TWAP works one order all the time."""
    from decimal import Decimal  # noqa: PLC0415 - what a run needs is imported by it

    from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig  # noqa: PLC0415 - as above
    from nautilus_trader.config import LoggingConfig, StrategyConfig  # noqa: PLC0415 - as above
    from nautilus_trader.examples.algorithms.twap import TWAPExecAlgorithm  # noqa: PLC0415 - as above
    from nautilus_trader.model.currencies import BTC, USD  # noqa: PLC0415 - as above
    from nautilus_trader.model.data import BookOrder, OrderBookDelta  # noqa: PLC0415 - as above
    from nautilus_trader.model.enums import AccountType, BookAction, BookType, OmsType, OrderSide  # noqa: PLC0415 - as above
    from nautilus_trader.model.identifiers import ExecAlgorithmId, InstrumentId, Symbol, Venue  # noqa: PLC0415 - as above
    from nautilus_trader.model.instruments import CurrencyPair  # noqa: PLC0415 - as above
    from nautilus_trader.model.objects import Money, Price, Quantity  # noqa: PLC0415 - as above
    from nautilus_trader.trading.strategy import Strategy  # noqa: PLC0415 - as above

    venue = Venue("KALSHI")
    name = InstrumentId(Symbol("TAPE"), venue)
    instrument = CurrencyPair(
        instrument_id=name,
        raw_symbol=Symbol("TAPE"),
        base_currency=BTC,
        quote_currency=USD,
        price_precision=4,
        size_precision=2,
        price_increment=Price(0.0001, 4),
        size_increment=Quantity(0.01, 2),
        ts_event=0,
        ts_init=0,
        margin_init=Decimal(0),
        margin_maint=Decimal(0),
        maker_fee=Decimal(0),
        taker_fee=Decimal("0.01"),
    )
    first, last = int(events["at"][0]), int(events["at"][-1])
    horizon = (last - first) / 1e6 - 5.0
    children = int(horizon / slice_seconds)

    class Working(Strategy):
        def on_start(self) -> None:
            self.asked = False
            self.subscribe_order_book_deltas(name, book_type=BookType.L2_MBP)

        def on_order_book_deltas(self, deltas: object) -> None:  # noqa: ARG002 - nautilus calls it so
            book = self.cache.order_book(name)
            if self.asked or book.best_bid_price() is None or book.best_ask_price() is None:
                return
            self.asked = True
            order = self.order_factory.market(
                instrument_id=name,
                order_side=OrderSide.BUY,
                quantity=Quantity(float(children), 2),
                exec_algorithm_id=ExecAlgorithmId("TWAP"),
                exec_algorithm_params={"horizon_secs": slice_seconds * children, "interval_secs": slice_seconds},
            )
            self.submit_order(order)

    data = []
    for at, ask, price, size in zip(
        events["at"].tolist(), events["ask"].tolist(), events["price"].tolist(), events["size"].tolist(), strict=True
    ):
        side = OrderSide.SELL if ask else OrderSide.BUY
        action = BookAction.UPDATE if size > 0 else BookAction.DELETE
        order = BookOrder(side, Price(price, 4), Quantity(size, 2), round(price * 10_000))
        data.append(OrderBookDelta(name, action, order, 0, 0, at * 1_000, at * 1_000))
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=venue,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(PARENT * 1_000, USD)],
        book_type=BookType.L2_MBP,
    )
    engine.add_instrument(instrument)
    engine.add_data(data)
    engine.add_strategy(Working(StrategyConfig()))
    engine.add_exec_algorithm(TWAPExecAlgorithm())
    began, used = time.perf_counter(), time.process_time()
    engine.run()
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    orders = len(engine.cache.orders())
    filled = sum(float(order.filled_qty) for order in engine.cache.orders())
    engine.dispose()
    return {
        "tool": f"nautilus_trader {version('nautilus_trader')}",
        "wall": wall,
        "cpu": cpu,
        "orders": orders,
        "filled": filled,
    }


def hftbacktest(events: np.lib.npyio.NpzFile, slice_seconds: float) -> dict[str, object]:
    """Run a jitted strategy that sends one marketable order a slice, twice: the second run is without compiling."""
    import hftbacktest as hft  # noqa: PLC0415 - what a run needs is imported by it
    from hftbacktest import GTC, LIMIT, BacktestAsset, HashMapMarketDepthBacktest  # noqa: PLC0415 - as above
    from hftbacktest.types import event_dtype  # noqa: PLC0415 - as above
    from numba import njit  # noqa: PLC0415 - as above

    count = len(events["at"])
    rows = np.zeros(count, dtype=event_dtype)
    side = np.where(events["ask"], hft.SELL_EVENT, hft.BUY_EVENT)
    rows["ev"] = hft.DEPTH_EVENT | side | hft.EXCH_EVENT | hft.LOCAL_EVENT
    rows["exch_ts"] = rows["local_ts"] = events["at"] * 1_000
    rows["px"], rows["qty"] = events["price"], events["size"]
    step = int(slice_seconds * 1e9)

    @njit
    def work(hbt: object, step: int) -> int:
        number = 0
        while hbt.elapse(step) == 0:
            hbt.clear_inactive_orders(0)
            depth = hbt.depth(0)
            if depth.best_ask_tick < 2_000_000_000:
                hbt.submit_buy_order(0, number, depth.best_ask, 1.0, GTC, LIMIT, False)  # noqa: FBT003 - hftbacktest takes no names
                number += 1
        return number

    def once() -> tuple[float, float, int]:
        asset = (
            BacktestAsset()
            .data([rows])
            .linear_asset(1.0)
            .constant_order_latency(50_000_000, 50_000_000)
            .risk_adverse_queue_model()
            .partial_fill_exchange()
            .trading_value_fee_model(0.0, 0.01)
            .tick_size(0.0001)
            .lot_size(0.01)
        )
        hbt = HashMapMarketDepthBacktest([asset])
        began, used = time.perf_counter(), time.process_time()
        orders = work(hbt, step)
        wall, cpu = time.perf_counter() - began, time.process_time() - used
        hbt.close()
        return wall, cpu, orders

    cold = once()
    warm = min(once() for _ in range(3))
    return {
        "tool": f"hftbacktest {version('hftbacktest')}",
        "wall": warm[0],
        "cpu": warm[1],
        "orders": warm[2],
        "first": cold[0],
    }


if __name__ == "__main__":
    runs = {"nautilus": nautilus, "hftbacktest": hftbacktest}
    result = runs[sys.argv[1]](np.load(Path(sys.argv[2])), float(sys.argv[3]))
    sys.stdout.write(json.dumps(result) + "\n")
