"""Leaving on a signal: Ctrl-C, SIGTERM and SIGHUP ask the run to end, which cancels and confirms before it does."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = {"SIGINT": "Ctrl-C", "SIGTERM": "terminated", "SIGHUP": "the terminal went away"}


@contextmanager
def stopping_on_signals(stop: Callable[[str], None]) -> Iterator[None]:
    """While inside, a signal calls *stop* with its reason on the running loop; outside the main thread nothing changes."""
    loop = asyncio.get_running_loop()
    caught: list[signal.Signals] = []
    for name, reason in _SIGNALS.items():
        number = getattr(signal, name, None)
        try:
            if number is not None:
                loop.add_signal_handler(number, stop, reason)
                caught.append(number)
        except (ValueError, RuntimeError, NotImplementedError):
            break  # not the main thread, or a platform without signal handlers in the loop
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
