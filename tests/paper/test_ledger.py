"""Ids of the paper exchange."""

import random
import uuid

from hypothesis import given
from hypothesis import strategies as st

from depthwalk.paper.ledger import drawn_id


@given(st.integers(0, 1 << 64))
def test_ids_are_those_that_the_uuid_module_makes_of_the_same_bits(seed: int) -> None:
    """Version 4, in its variant, in its five groups; as they were before, so that an old log replays to the same ids."""
    expected = uuid.UUID(int=random.Random(seed).getrandbits(128), version=4)
    assert str(expected) == drawn_id(random.Random(seed))
