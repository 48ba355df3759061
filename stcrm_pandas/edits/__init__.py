"""Bulk edits: compare two frames, plan the requests that make the change, apply the plan, and undo it.

`plans` has what users hold, and makes plans: `diff` finds the cells that differ, `columns` says which can be changed,
`values` writes them as JSON, and `plan/` makes requests of them. `apply/` sends them; `preview` shows a plan, and
`journals` lists what was applied. All of it reaches the service through `port`, which `reads.connection` implements.

A wrong request is the worst that can happen, so refuse what is unsure, never delay an opt-out, and change the rules of
consent and of the journal only with their tests. Plans and journals of earlier versions must open. Rooms above may
import this one; `analysis/` may not. Tests: `make test ROOM=edits`, and `make test-deep` for kills and races.
"""
