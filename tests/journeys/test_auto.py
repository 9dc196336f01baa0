"""An execution whose algorithm was drawn, killed: whoever goes on with it goes on with that algorithm, and draws nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.killed import KILLED, Client, check_books, kill_server, together
from tests.support.served import PaperServer

_ROUTED = (
    "SELECT algorithm, routed_control, routed_candidate, routed_class, routed_share_ppm, routed_draw_ppm,"
    " json_extract(params, '$.timeout_seconds') FROM execution_state"
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PaperServer]:
    """Return a running server."""
    with kill_server(tmp_path / "served") as running:
        yield running


def _configured(server: PaperServer, *, share: float, timeout: float) -> None:
    config = json.loads(server.config.read_text(encoding="utf-8"))
    short = {"timeout_seconds": timeout}
    config |= {
        "rollout": {"share": share},
        "algorithms": {"simple_limit": short, "dynamic_depth_walker": short | {"walk_interval_seconds": 0.5}},
    }
    server.config.write_text(json.dumps(config), encoding="utf-8")


def _killed(server: PaperServer, folder: Path, ticker: str) -> Client:
    client = Client(server, folder / ticker, ticker)
    client.folder.mkdir()
    assert KILLED == client.execute(150, "--algo", "auto", dies=(6, "after")).code
    return client


def test_a_drawn_algorithm_is_kept_after_a_kill(server: PaperServer, tmp_path: Path) -> None:
    """Drawn with share 1; by the time it is resumed, or recovered, the share is 0 and the sections say something else."""
    _configured(server, share=1, timeout=4)
    clients = [_killed(server, tmp_path, ticker) for ticker in ("PAPER-LIQUID", "PAPER-MODERATE")]
    before = [client.rows(_ROUTED) for client in clients]
    for ((algorithm, control, candidate, _, share, draw, timeout),) in before:
        assert ("dynamic_depth_walker", "simple_limit", "dynamic_depth_walker", 1_000_000) == (
            algorithm, control, candidate, share,
        )  # fmt: skip
        assert (True, 4) == (0 <= draw < 1_000_000, timeout)
    _configured(server, share=0, timeout=2)

    def carry_on(client: Client) -> None:
        done = client.run("--json", "executions", "resume", client.ids[0], "--yes")
        assert done.code in {0, 3}, done.err
        assert "dynamic_depth_walker" == done.object["algorithm"]

    def settle(client: Client) -> None:
        assert 0 == client.run("recover").code

    together(lambda: carry_on(clients[0]), lambda: settle(clients[1]))
    assert before == [client.rows(_ROUTED) for client in clients]
    for client in clients:
        check_books(client)
        notes = client.rows("SELECT why FROM decisions WHERE why LIKE 'auto: %'")
        assert 1 == len(notes)
