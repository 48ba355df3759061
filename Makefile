# Two commands do it all on a fresh machine with Python 3.11+, make and git: `make demo` and `make test`.
PYTHON ?= python3
ROWS ?= 100000
ROOM ?=
BIN := .venv/bin
# without the warnings of pip, which are about the machine; an error is shown
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

# compiled modules are kept: tests start many processes, each of which would compile the package
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install dev demo test test-deep test-lowest test-spark contract check lint docs notebooks lab screenshots bench dist clean

help: ## Show what there is to make.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: .venv/installed ## Set up .venv with the package and all extras but spark.

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the package and what it needs into .venv: this takes a few minutes."
	$(PIP) -c constraints.txt -e '.[all]'
	@touch $@

dev: .venv/installed-dev ## Set up .venv with what tests, lint and benchmarks need, too.

.venv/installed-dev: .venv/installed
	$(PIP) -c constraints.txt -e '.[dev]'
	@touch $@

demo: install ## Read a demo company over HTTP and write its reports in data/reports.
	$(BIN)/stcrm demo

test: dev ## Run the tests (about twelve minutes on two cores), or with ROOM=mirror those of one folder.
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not deep" $(if $(ROOM),tests/$(ROOM))

# Properties apart and without coverage, which would nearly double their time.
test-deep: dev ## Run the longer tests with coverage, and all properties on more examples (under twenty minutes).
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "deep and not hypothesis" \
		--cov stcrm_pandas --cov-branch --cov-report term:skip-covered
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m hypothesis --hypothesis-profile long

test-lowest: .venv-lowest/installed ## Run the tests with the lowest declared version of every dependency, in an environment of its own.
	.venv-lowest/bin/python -m pytest -q -n 2 --dist loadfile -m "not deep" $(if $(ROOM),tests/$(ROOM))

.venv-lowest/installed: pyproject.toml
	test -x .venv-lowest/bin/python || $(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install -qq --disable-pip-version-check uv
	.venv-lowest/bin/uv pip compile -q --python .venv-lowest/bin/python --resolution lowest-direct --extra all --no-header \
		--no-annotate pyproject.toml -o .venv-lowest/lowest.txt
	.venv-lowest/bin/uv pip install -q --python .venv-lowest/bin/python -c .venv-lowest/lowest.txt -e '.[dev]'
	@touch $@

test-spark: .venv-spark/installed ## Run the tests that need Spark, in an environment of its own (Java 17).
	.venv-spark/bin/python -m pytest -q tests/spark

# apart, for beside pyspark pandera loads a part that does not work with pandas 3
.venv-spark/installed: pyproject.toml constraints.txt
	test -x .venv-spark/bin/python || $(PYTHON) -m venv .venv-spark
	.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[spark,dev]'
	@touch $@

contract: dev ## Hold client and sandbox against the published contract (under two minutes).
	$(BIN)/python -m pytest -q -n 2 tests/contract

check: dev ## Check format, lint, imports and types of what changed (seconds).
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	@report=$$($(BIN)/lint-imports 2>&1) || { echo "$$report"; exit 1; }
	$(BIN)/mypy

lint: dev ## Check format, lint and types.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/nbstripout --verify notebooks/*.ipynb
	bash .ci/javascript/run

notebooks: dev ## Run the notebooks as tests.
	$(BIN)/python -m pytest -q -p nbmake --nbmake --nbmake-timeout=300 notebooks

docs: dev ## Write shared descriptions into docstrings, make the pages that follow from the program, build the site.
	$(BIN)/python docs/docstrings.py
	$(BIN)/python docs/make.py
	$(BIN)/python docs/rooms.py
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

screenshots: dev ## Take the screenshots of the README (needs Chromium).
	$(BIN)/python docs/screenshots.py

lab: install ## Open JupyterLab on the notebooks.
	$(BIN)/jupyter lab --notebook-dir=notebooks

bench: dev ## Measure against floors and rivals (ROWS=1000000 for the large ones).
	$(BIN)/python -m bench --rows $(ROWS)

dist: dev ## Build the wheel and the sdist, and run the demo from the wheel in a fresh environment.
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	bash .ci/try_wheel dist constraints.txt

clean: ## Remove the environment and everything that runs created.
	rm -rf .venv .venv-lowest .venv-spark dist docs/_build docs/notebooks .import_linter_cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find data -mindepth 1 -not -name README.md -delete
