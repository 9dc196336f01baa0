"""`depthwalk paper serve` as a real process with folders of its own, its clients, and an independent look at its books."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from depthwalk.assembly.serving import recorded_exchange_state
from depthwalk.clock import SystemClock
from depthwalk.paper.exchange import PaperExchange
from depthwalk.wire.signing import KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, message_to_sign
from tests.support.command import ROOT, Ended

API = "/trade-api/v2"


@dataclass
class PaperServer:
    """A served paper exchange in *folder*: state, key, config and database are there. `port` stays the same over restarts.

    *settings* are further sections of the config.
    """

    folder: Path
    seed: int | None = None
    port: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = field(default=None, repr=False)
    ready: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it listens, as `paper.server` has it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        """A config file for clients, and for the server itself; it works from any process."""
        return self.folder / "depthwalk.yaml"

    @property
    def database(self) -> Path:
        """The clients' database, as the config has it."""
        return self.folder / "client.sqlite"

    @property
    def state(self) -> Path:
        """The exchange's own file."""
        return self.folder / "exchange.sqlite"

    @property
    def key(self) -> Path:
        """The clients' private key."""
        return self.folder / "key.pem"

    @property
    def errors(self) -> Path:
        """What the server wrote to standard error."""
        return self.folder / "server.err"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self.process is not None
        return self.process.pid

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its processes: a home and folders of their own."""
        homes = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")
        given = {name: value for name, value in os.environ.items() if not name.startswith(("KALSHI_", "DEPTHWALK_"))}
        return {**given, **{name: str(self._folder(name.lower())) for name in homes}}

    def _folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def start(self, *arguments: str) -> None:
        """Start it, again on the same port, and wait until it answers."""
        self.folder.mkdir(exist_ok=True)
        self._configure()
        seed = () if self.seed is None else ("--seed", str(self.seed))
        command = ["--json", "paper", "serve", "--port", str(self.port), "--state", str(self.state), *seed, *arguments]
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "depthwalk", "--config", str(self.config), *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
                env=self.environment,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.errors.read_text(encoding="utf-8")
        self.ready = json.loads(line)
        if not self.port:
            self.port = int(self.ready["url"].rpartition(":")[2])
            self._configure()

    def _configure(self) -> None:
        paper = {"private_key_path": str(self.key), **({"server": self.url} if self.port else {})}
        # JSON is YAML.
        self.config.write_text(json.dumps({"paper": paper, "database": str(self.database)} | self.settings), encoding="utf-8")

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut would."""
        self._ended("kill")

    def stop(self) -> int:
        """End it with SIGTERM and return its exit code."""
        return self._ended("terminate")

    def _ended(self, how: str) -> int:
        assert self.process is not None
        getattr(self.process, how)()
        code = self.process.wait(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return code

    def depthwalk(self, *arguments: str | Path, timeout: float = 60) -> Ended:
        """Run a client command to its end."""
        ended = subprocess.run(
            [sys.executable, "-m", "depthwalk", "--config", self.config, *map(str, arguments)],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env=self.environment,
            timeout=timeout,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def popen(self, *arguments: str | Path) -> "subprocess.Popen[str]":
        """Start a client command and return its process."""
        return subprocess.Popen(
            [sys.executable, "-m", "depthwalk", "--config", self.config, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=self.environment,
        )

    def request(self, method: str, path: str, body: object = None, **query: str) -> httpx.Response:
        """Send a signed request of our own: no code of the client is used."""
        key = load_pem_private_key(self.key.read_bytes(), password=None)
        assert isinstance(key, Ed25519PrivateKey)
        milliseconds = SystemClock().now() // 1_000
        signature = key.sign(message_to_sign(milliseconds, method, API + path))
        headers = {
            KEY_HEADER: "paper",
            TIMESTAMP_HEADER: str(milliseconds),
            SIGNATURE_HEADER: base64.b64encode(signature).decode(),
        }
        with httpx.Client(trust_env=False, timeout=20) as client:
            return client.request(method, self.url + API + path, params=query, json=body, headers=headers)

    def look(self, path: str, **query: str) -> Any:
        """Read with a signed GET, again where clients have just emptied the key's bucket."""
        reply = self.request("GET", path, **query)
        for _ in range(20):
            if reply.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                break
            time.sleep(0.1)
            reply = self.request("GET", path, **query)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def exchange(self) -> PaperExchange:
        """Return the exchange of the state file, replayed in this process, as after its last command; not while it runs."""
        assert self.process is None
        return recorded_exchange_state(self.state)


@contextmanager
def paper_server(
    folder: Path, *arguments: str, seed: int | None = None, settings: dict[str, Any] | None = None
) -> Iterator[PaperServer]:
    """Run a served paper exchange on a free port until the block ends; it may be stopped and started again in between."""
    server = PaperServer(folder, seed=seed, settings=settings or {})
    server.start(*arguments)
    try:
        yield server
    finally:
        if server.process is not None:
            server.kill()
