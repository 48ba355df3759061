"""Customers with known duplicates, to measure how well duplicates are found.

They are written from a description of such companies alone, without sight of the rules that find them.
"""

from random import Random

from bench.duplicates.company import PER, Known, Maker
from bench.duplicates.harder import Harder

__all__ = ["Known", "make"]


def make(customers: int = PER, seed: str = "first look", *, harder: bool = False) -> Known:
    """Create a company; any text is a seed, so that a figure can name one that nobody chose the rules by.

    >>> known = make(2_000, "an example")
    >>> len(known.customers), len(known.duplicates)
    (2000, 140)
    """
    return (Harder if harder else Maker)(customers, Random(f"{seed}/{customers}")).run()
