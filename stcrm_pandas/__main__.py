"""`python -m stcrm_pandas` is the `stcrm` command."""

from stcrm_pandas.cli import main

main()
