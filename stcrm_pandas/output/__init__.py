"""How text reaches people: made safe to print, and shown in a notebook.

`printable` has what every message needs: plurals, names that were probably meant, and foreign text without control
characters or secrets. `notebook` has what is different while a notebook runs: where warnings go, and where tracebacks
end. The two do not call each other.

Add a function here if two rooms need it to write for people. All rooms may import this one, and it imports none. A
change to `without_words` needs a case in `tests/test_secrets.py`. Tests: `make test ROOM=test_secrets.py`.
"""
