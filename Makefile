# Every target works from a fresh clone: what it needs, it makes. `make` alone lists them.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && exit; \
	done; echo python3)
WORKERS ?= 2
PYTEST_ARGS ?=
REQUIREMENTS ?=
# Each worker begins with a half, so that what a file's tests share is made once, and takes over from the other one.
SHARED = -n $(WORKERS) --dist worksteal
ARGS ?=
FUZZ_PAIRS ?= 5000
ENGINES ?= sqlite mysql mariadb postgresql

ENV := .venv/.made
LOWEST := .venv-lowest/.made
BENCH := .venv-bench/.made

# Without bytecode on the disk each worker of pytest would compile all tests again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help env demo quick test test-newest test-lowest test-pythons test-versions real-models fuzz chaos bench fidelity picture api help-texts lint format servers dist clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: $(ENV) ## make the environment in .venv

demo: $(ENV) ## the main job on an SQLite file, from the first revision to the drift check
	@.venv/bin/python examples/demo.py

quick: $(ENV) ## every test that needs no server and is quick: a minute; REQUIREMENTS="sqlalchemy==2.0.*" with another version
	.venv/bin/python -m pytest $(SHARED) --no-servers -m "not slow" $(PYTEST_ARGS)

test: ## every test, with the newest and the lowest versions of the dependencies, then other Pythons; PYTEST_ARGS="-k name" for some
	@code=0; for part in newest lowest pythons; do $(MAKE) --no-print-directory test-$$part || code=$$?; done; exit $$code

test-newest: $(ENV) servers ## every test on every server with the newest versions, SQLAlchemy 2.1 among them
	.venv/bin/python -m pytest $(SHARED) $(PYTEST_ARGS)

test-lowest: $(LOWEST) servers ## the same with the lowest versions, SQLAlchemy 2.0 among them, but for what is marked `once`
	.venv-lowest/bin/python -m pytest $(SHARED) $(PYTEST_ARGS)

test-pythons: ## the tests that need no server on Python 3.12, 3.13 and 3.14, as far as the machine has them
	@$(PYTHON) tools/try_pythons.py $(SHARED) $(PYTEST_ARGS)

test-versions: $(ENV) servers ## other versions of the servers: stories, random pairs, the main job; VERSIONS="mariadb-11.8" for some
	.venv/bin/python -m tests.versions $(ARGS) $(VERSIONS)

real-models: $(ENV) servers ## create_all of well-known packages, then check: minutes, and a download of gigabytes at first
	.venv/bin/python -m tools.real_models $(ARGS)

fuzz: $(ENV) servers ## random pairs of models on every server; FUZZ_PAIRS=5000 for each of ENGINES="mysql sqlite"
	.venv/bin/python -m tests.fuzz --pairs $(FUZZ_PAIRS) --workers $(WORKERS) $(ENGINES)

chaos: $(ENV) servers ## kill runs and servers at random instants, and start several runs at once, on every server
	.venv/bin/python -m tests.chaos $(ARGS) $(ENGINES)

bench: $(BENCH) servers ## time and count schemadiff beside Alembic: hours for all; ARGS="--parts diff --engines sqlite --tables 100" for some
	@.venv-bench/bin/python -m benchmarks $(ARGS)

fidelity: ## make docs/fidelity.md anew from the story files
	@$(PYTHON) -m tools.fidelity

picture: $(ENV) ## draw docs/plan.svg anew: what the commands print for the models of the README
	@.venv/bin/python -m tools.picture

api: $(ENV) ## make docs/api.md anew from the docstrings
	@.venv/bin/python -m tools.api

help-texts: $(ENV) ## make schemadiff/cli/help.py and the tables of docs/command-line.md anew
	@.venv/bin/python -m tools.help

lint: $(ENV) ## ruff and mypy --strict
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy --strict
	cd examples/duckdb_dialect && ../../.venv/bin/mypy --strict schemadiff_duckdb

format: $(ENV) ## lay the code out, and mend what ruff can mend
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

servers: ## find or install MySQL, MariaDB and PostgreSQL for the tests
	@$(PYTHON) tools/install_servers.py

dist: $(ENV) ## build what is published into dist
	rm -rf dist
	.venv/bin/python -m hatchling build

clean: ## remove all that the other targets made
	rm -rf .venv .venv-* .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

$(ENV): pyproject.toml examples/duckdb_dialect/pyproject.toml tools/make_env.py
	@$(PYTHON) tools/make_env.py .venv '.[dev]' --editable ./examples/duckdb_dialect $(foreach one,$(REQUIREMENTS),'$(one)')
	@touch $@

$(LOWEST): pyproject.toml examples/duckdb_dialect/pyproject.toml tools/make_env.py
	@$(PYTHON) tools/make_env.py --lowest .venv-lowest '.[test]' --editable ./examples/duckdb_dialect
	@touch $@

$(BENCH): pyproject.toml tools/make_env.py
	@$(PYTHON) tools/make_env.py .venv-bench '.[bench]'
	@touch $@
