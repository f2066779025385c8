# Every target works from a fresh clone: what it needs, it makes. `make` alone lists them.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && exit; \
	done; echo python3)
WORKERS ?= 2
PYTEST_ARGS ?=
ARGS ?=
FUZZ_PAIRS ?= 5000
ENGINES ?= sqlite mysql mariadb postgresql

ENV := .venv/.made
ENV20 := .venv-sqlalchemy20/.made

.PHONY: help env demo test test-sqlalchemy21 test-sqlalchemy20 real-models fuzz chaos fidelity lint format servers clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: $(ENV) ## make the environment in .venv

demo: $(ENV) ## the main job on an SQLite file, from the first revision to the drift check
	@.venv/bin/python examples/demo.py

test: ## every test on every server, with SQLAlchemy 2.1 and with 2.0; PYTEST_ARGS="-k name" for some
	@code=0; for line in 21 20; do $(MAKE) --no-print-directory test-sqlalchemy$$line || code=$$?; done; exit $$code

test-sqlalchemy21: $(ENV) servers ## the tests with SQLAlchemy 2.1 alone
	.venv/bin/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

test-sqlalchemy20: $(ENV20) servers ## the tests with SQLAlchemy 2.0 alone
	.venv-sqlalchemy20/bin/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

real-models: $(ENV) servers ## create_all of well-known packages, then check: minutes, and a download of gigabytes at first
	.venv/bin/python -m tools.real_models $(ARGS)

fuzz: $(ENV) servers ## random pairs of models on every server; FUZZ_PAIRS=5000 for each of ENGINES="mysql sqlite"
	.venv/bin/python -m tests.fuzz --pairs $(FUZZ_PAIRS) --workers $(WORKERS) $(ENGINES)

chaos: $(ENV) servers ## kill runs and servers at random instants, and start several runs at once, on every server
	.venv/bin/python -m tests.chaos $(ARGS) $(ENGINES)

fidelity: ## make docs/fidelity.md anew from the story files
	@$(PYTHON) -m tools.fidelity

lint: $(ENV) ## ruff and mypy --strict
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy --strict

format: $(ENV) ## lay the code out, and mend what ruff can mend
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

servers: ## find or install MySQL, MariaDB and PostgreSQL for the tests
	@$(PYTHON) tools/install_servers.py

clean: ## remove all that the other targets made
	rm -rf .venv .venv-sqlalchemy20 .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

$(ENV): pyproject.toml tools/make_env.py
	@$(PYTHON) tools/make_env.py .venv '.[dev]'
	@touch $@

$(ENV20): pyproject.toml tools/make_env.py
	@$(PYTHON) tools/make_env.py .venv-sqlalchemy20 '.[test]' 'sqlalchemy<2.1'
	@touch $@
