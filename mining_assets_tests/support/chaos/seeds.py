"""Where chance begins: every scenario is drawn from a seed that is printed and can be given again.

``CHAOS_SEED`` is the first seed, ``CHAOS_ROUNDS`` how many times the small number of scenarios of the quick set are
drawn. ``make chaos`` draws many from a new seed.
"""

import os
import random
from collections.abc import Sequence
from typing import TypeVar

import pytest

SEED = int(os.environ.get("CHAOS_SEED", "20250629"))
ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "1"))
T = TypeVar("T")

long = pytest.mark.skipif(ROUNDS == 1, reason="takes long: `make chaos` plays it")


def seeds(per_round: int) -> list[int]:
    """The seeds of the scenarios of one kind."""
    return [SEED + number for number in range(per_round * ROUNDS)]


def some(every: Sequence[T], per_round: int) -> list[T]:
    """As many of the cases as the rounds allow, in their order; all of them when there are enough rounds."""
    chosen = random.Random(SEED).sample(range(len(every)), min(len(every), per_round * ROUNDS))
    return [every[number] for number in sorted(chosen)]
