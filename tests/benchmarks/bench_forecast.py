"""How good a plan's forecast is: expected against what came of simulated runs, by market and algorithm. Asserts nothing.

    PYTHONPATH=. python tests/benchmarks/bench_forecast.py [SEEDS]

Filled is a share of the order; cost is in cents a filled contract against the mid, with fees. The last table is the reliability
of the chances: of the orders said to be filled whole so often, how many were (of an algorithm that leaves its orders alone).
"""

import sys
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from depthwalk import assembly
from depthwalk.analysis.plans import Plan
from depthwalk.assembly import ExecuteRequest
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.result import ExecutionResult
from depthwalk.domain.units import CENT, Quantity
from depthwalk.reports.live_view import NullView

SIZES = {"PAPER-LIQUID": 240, "PAPER-MODERATE": 60, "PAPER-THIN": 40}
STANDING = "static_split"


def _cost(result: ExecutionResult, mid_twice: int | None) -> float | None:
    if not result.filled or mid_twice is None:
        return None
    return ((result.paid + result.fees) / result.filled - mid_twice / 2) / CENT


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def main(seeds: int) -> None:
    """Plan and run every algorithm in every market, seed by seed, and print the means."""
    pairs: dict[tuple[str, str], list[tuple[float, float, float | None, float | None]]] = defaultdict(list)
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, seeds + 1):
            for ticker, size in SIZES.items():
                request = ExecuteRequest(
                    ticker=ticker,
                    outcome=Outcome.YES,
                    action=Action.BUY,
                    quantity=Quantity(100 * size),
                    simulated=True,
                    seed=seed,
                    database_path=Path(folder) / f"{seed}.sqlite",
                )
                sheet = assembly.plan(request)
                mid = None if sheet.book is None else sheet.book.mid_twice
                for plan in sheet.plans:
                    if plan.forecast is None or plan.filled_share is None:
                        continue
                    result = assembly.execute(replace(request, algorithm=plan.algorithm), NullView())
                    cost = plan.forecast.cost(Action.BUY, mid)
                    said = None if cost is None else float(cost / CENT)
                    share = result.filled / request.quantity
                    pairs[ticker, plan.algorithm].append((plan.filled_share, share, said, _cost(result, mid)))
                    if plan.algorithm == STANDING:
                        _sort(plan, result, bins)
    lines = [f"{'market':15}{'algorithm':22}{'runs':>5}{'filled':>8}{'real':>6}{'cost':>8}{'real':>7}"]
    for (ticker, algorithm), found in sorted(pairs.items()):
        costs = [(said, real) for _, _, said, real in found if said is not None and real is not None]
        filled, really = _mean([a for a, *_ in found]), _mean([b for _, b, *_ in found])
        said, real = _mean([a for a, _ in costs]), _mean([b for _, b in costs])
        lines.append(f"{ticker:15}{algorithm:22}{len(found):5}{filled:8.2f}{really:6.2f}{said:+8.2f}{real:+7.2f}")
    lines.append(f"\n{'chance':10}{'orders':>7}{'said':>7}{'real':>7}")
    for part, orders in sorted(bins.items()):
        said, real = _mean([chance for chance, _ in orders]), _mean([float(whole) for _, whole in orders])
        lines.append(f"{20 * part:3}-{20 * part + 20:3} %{len(orders):8}{said:7.2f}{real:7.2f}")
    sys.stdout.write("\n".join([*lines, ""]))


def _sort(plan: Plan, result: ExecutionResult, bins: dict[int, list[tuple[float, bool]]]) -> None:
    """Count which of the first orders that rested were filled whole."""
    splits = {split.level: split for split in result.splits}
    for order in plan.orders:
        if order.resting.quantity and order.level in splits:
            split = splits[order.level]
            bins[min(4, int(5 * order.probability))].append((order.probability, split.filled >= split.quantity))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
