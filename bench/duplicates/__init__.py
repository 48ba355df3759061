"""Customers with known duplicates, to measure how well duplicates are found.

They are written from a description of such companies alone, without sight of the rules that find them.
"""

from bench.duplicates.company import Known, make

__all__ = ["Known", "make"]
