"""What an algorithm of one's own needs, for packages that bring one: stable names from the rooms inside.

An algorithm says which splits it wants and where each should rest now; the shared layer does everything that can lose money.
How to write and install one is in the README, in the part for developers.
"""

from depthwalk.domain.book import Book
from depthwalk.domain.messages import Look, PublicTrade
from depthwalk.domain.units import CENT, CONTRACT, Duration, Price, Quantity, seconds
from depthwalk.executors.base import Executor
from depthwalk.executors.registry import GROUP, AlgorithmSpec
from depthwalk.executors.state import BaseParams, EndAction, Quote, Situation, Split, require

__all__ = [
    "CENT",
    "CONTRACT",
    "GROUP",
    "AlgorithmSpec",
    "BaseParams",
    "Book",
    "Duration",
    "EndAction",
    "Executor",
    "Look",
    "Price",
    "PublicTrade",
    "Quantity",
    "Quote",
    "Situation",
    "Split",
    "require",
    "seconds",
]
