"""People in a mirror: who they are in it, how they are erased for good, and copies without them.

`people` finds all rows of a person, also in texts, with `mentions`. `forgetting` writes down what to erase, erases it,
and keeps keyed hashes, so that no sync brings anybody back; a sync asks it before every commit. `copies` writes the
mirror again, without personal data if asked. What is to be erased is written down first, always.
"""
