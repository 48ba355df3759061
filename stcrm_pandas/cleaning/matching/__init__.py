"""Which customers are the same: normal forms, candidates, comparisons, scores, kinds and clusters.

`find` is the entry. `records` reads the rows, with `names`, `remarks`, `first_names` and `addresses`. In DuckDB,
`features` adds what all customers tell, `candidates` chooses the pairs, `comparison` finds the levels of each pair (the
table in `levels`), and `scores` gives kind, tier and probability. `duplicates` holds the result, with `clusters` and
the words of `explanation`.

What one may touch: levels, weights and conditions in `levels`, and the tables of words. After that, measure with
`python -m bench.matching` on a seed that no rule was chosen by: a wrong *sure* pair is the worst. What the compared
values are is part of people's decisions (`explanation.values_of`). `cleaning` opens this folder; the review, the merge
desk and the audit use its results. Tests: `make test ROOM=cleaning/matching`.
"""
