"""`depthwalk book` as its user runs it, on paper, without a terminal."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from depthwalk.cli.main import main
from tests.support.command import depthwalk_here as depthwalk


def book(folder: Path, *arguments: str) -> dict[str, Any]:
    """Return the object of one book."""
    ended = depthwalk("--json", "book", *arguments, folder=folder)
    assert 0 == ended.code, ended.err
    return ended.object


@pytest.mark.parametrize(("ticker", "side"), [("PAPER-THIN", "no"), ("PAPER-MODERATE", "yes"), ("PAPER-LIQUID", "no")])
def test_the_book_adds_up(ticker: str, side: str, tmp_path: Path) -> None:
    """Sorted, apart, and the costs are those of its levels: ten contracts within what is there, fees on top or off."""
    found = book(tmp_path, ticker, "--side", side, "--depth", "1000")
    bids, asks = ([(Decimal(price), Decimal(size)) for price, size in found[name]] for name in ("bids", "asks"))
    assert sorted(bids, reverse=True) == bids
    assert sorted(asks) == asks
    if found["state"] == "two-sided":  # a thin book may be without a side
        assert asks[0][0] - bids[0][0] == Decimal(found["spread"])
    assert sum(size for _, size in bids) == Decimal(found["bid_total"])
    assert sum(size for _, size in asks) == Decimal(found["ask_total"])
    for cost in found["costs"]:
        ladder, sign = (asks, 1) if cost["action"] == "buy" else (bids, -1)
        left, paid = Decimal(cost["count"]), Decimal(0)
        for price, size in ladder:
            part = min(left, size)
            left, paid = left - part, paid + part * price
        assert Decimal(cost["count"]) - left == Decimal(cost["available"])
        if paid:
            assert paid + sign * Decimal(cost["fees"]) == Decimal(cost["total"])


def test_the_picture_has_the_ladder_and_the_costs(tmp_path: Path) -> None:
    """In a pipe: a whole picture on standard output, nothing on standard error; no database is made."""
    ended = depthwalk("book", "PAPER-LIQUID", folder=tmp_path)
    assert (0, "") == (ended.code, ended.err)
    assert all(words in ended.out for words in ("PAPER-LIQUID", "spread", "cumulative", "buy", "sell", "1,000", "to sell"))
    assert not list(tmp_path.iterdir())


def test_watching_in_a_pipe_is_a_line_a_reading(tmp_path: Path) -> None:
    """Plain lines, as many as fit the time, exit 0; with --json objects."""
    watch = (
        "book",
        "PAPER-LIQUID",
        "--watch",
        "--interval",
        "0.3",
        "--duration",
        "1.4",
    )  # five readings, on a busy machine fewer
    plain = depthwalk(*watch, folder=tmp_path)
    assert (0, "") == (plain.code, plain.err)
    assert {True} == {"PAPER-LIQUID  bid 0." in line for line in plain.out.splitlines()}
    assert 2 <= len(plain.out.splitlines()) <= 5
    ended = depthwalk("--json", *watch, folder=tmp_path)
    times = [json.loads(line)["read_at"] for line in ended.out.splitlines()]
    assert 2 <= len(set(times)) <= 5
    assert sorted(times) == times


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["NOPE"], "unknown ticker 'NOPE' on paper"),
        (["NO PE"], "'NO PE' is not a market ticker"),
        (["PAPER-THIN", "--interval", "4"], "are for --watch"),
        (["PAPER-THIN", "--watch", "--interval", "0"], "--interval: '0' is not a time span"),
        (["PAPER-THIN", "--watch", "--duration", "soon"], "--duration: 'soon' is not a time span"),
        (["PAPER-THIN", "--depth", "0"], "'--depth'"),
    ],
)
def test_what_cannot_be_is_one_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, nothing on standard output."""
    assert 2 == main(["book", *arguments])
    captured = capsys.readouterr()
    assert ("", 1) == (captured.out, captured.err.count("\n"))
    assert words in captured.err
