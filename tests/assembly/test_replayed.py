"""Recordings as pieces of a comparison: what is told of them, and no moment twice."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from depthwalk.assembly.lab_arms import arms_of
from depthwalk.assembly.replayed import BooksRequest, replay_of
from depthwalk.config import load
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Quantity, parse_instant, seconds
from depthwalk.errors import UsageError
from depthwalk.lab.running import Order
from tests.support.kept_books import kept_books

ARMS = arms_of("simple_limit", load(None))


def _request(*paths: Path) -> BooksRequest:
    return BooksRequest(
        paths=paths, every=seconds(60), of_touch=Fraction(1), quantity=None, share=0.5, strict=False, environment="live"
    )


def test_every_window_stands_by_its_number(tmp_path: Path) -> None:
    """With its market and time; both queue models have the same ones."""
    said: list[str] = []
    pieces, found = replay_of(_request(kept_books(tmp_path / "books.jsonl")), ARMS, Order(), said.append)
    assert said == []
    expected = [("T", "T", parse_instant(f"2026-07-01T12:0{minute}:05Z")) for minute in range(5)]
    assert expected == [(window.ticker, window.event, window.at) for window in found.windows]
    assert [list(range(5))] * 2 == [[window.number for window in piece.moments] for piece in pieces]
    assert (f"{tmp_path.name}/books.jsonl",) == found.recordings


def test_what_is_asked_for_is_what_is_replayed(tmp_path: Path) -> None:
    """Side, share, strictness and size reach every piece, and the report says the same."""
    asked = replace(_request(kept_books(tmp_path / "books.jsonl")), share=0.25, strict=True, quantity=Quantity(700))
    order = Order(outcome=Outcome.NO, action=Action.SELL)
    pieces, found = replay_of(asked, ARMS, order, lambda _: None)
    assert [(order, 0.25, True)] * 2 == [(piece.order, piece.share, piece.strict) for piece in pieces]
    assert {700} == {window.quantity for piece in pieces for window in piece.moments}
    assert (0.25, True, 700, None) == (found.share, found.strict, found.quantity, found.of_touch)


def test_a_folder_is_all_recordings_in_it_and_no_moment_is_in_twice(tmp_path: Path) -> None:
    """The recording with more changes stands for the time that two have; what is no recording is left alone."""
    kept_books(tmp_path / "fine.jsonl", step=5)
    kept_books(tmp_path / "coarse.jsonl", step=10)
    (tmp_path / "README.md").write_text("not a recording")
    (tmp_path / "stats.csv").write_text("ticker,rows\n")
    said: list[str] = []
    pieces, found = replay_of(_request(tmp_path), ARMS, Order(), said.append)
    assert len(found.windows) == 5
    assert {str(tmp_path / "fine.jsonl")} == {piece.tape.source for piece in pieces}
    expected = f"{tmp_path}/coarse.jsonl: T: passed over where {tmp_path}/fine.jsonl tells more of the same time"
    assert [expected] == said


def test_what_one_recording_lacks_and_another_has_is_no_cut(tmp_path: Path) -> None:
    """A gap is told of where nobody knows better."""
    holed = kept_books(tmp_path / "holed.jsonl", without=range(100, 200))
    said: list[str] = []
    replay_of(_request(holed), ARMS, Order(), said.append)
    assert ["nothing is known for 110 s"] == [line.rpartition(": ")[2] for line in said]
    said.clear()
    replay_of(_request(holed, kept_books(tmp_path / "whole.jsonl")), ARMS, Order(), said.append)
    assert {True} == {"passed over" in line for line in said}


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    """In one line."""
    with pytest.raises(UsageError, match="no recordings in this folder"):
        replay_of(_request(tmp_path), ARMS, Order(), lambda _: None)


def test_a_recording_with_many_holes_is_told_of_in_few_lines(tmp_path: Path) -> None:
    """The first ten cuts one by one, how many more there are in one line."""
    holes = {second for start in range(120, 120 + 250 * 13, 250) for second in range(start, start + 100)}
    holed = kept_books(tmp_path / "holed.jsonl", length=3_590, without=holes)
    said: list[str] = []
    replay_of(_request(holed), ARMS, Order(), said.append)
    assert ["nothing is known for 110 s"] * 10 + ["and 3 more"] == [line.rpartition(": ")[2] for line in said]
