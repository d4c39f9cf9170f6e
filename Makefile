# The two commands: `make run` and `make test`. Everything else is listed by `make help`.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements.lock
STAMP := $(VENV)/.installed

# uv looks for local wheels where pip is told to; a torch backend (cpu, cu128, auto ...) picks torch's own index
comma := ,
export UV_FIND_LINKS ?= $(subst $() $(),$(comma),$(PIP_FIND_LINKS))
TORCH_BACKEND ?=
UV_TORCH := $(if $(TORCH_BACKEND),--torch-backend $(TORCH_BACKEND))

.PHONY: help install run test check bench conformance demo-outage demo-restore screenshots lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(BIN)/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP): $(LOCK) pyproject.toml | $(BIN)/uv
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet $(UV_TORCH) -r $(LOCK) --editable .
	@touch $(STAMP)

install: $(STAMP) ## create .venv with the pinned dependencies

run: $(STAMP) ## start everything and ingest for the first time; Ctrl-C stops it
	@exec $(BIN)/pake up

# much of a test is waiting for processes that it started: one file more than there are cores
TEST_WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

test: $(STAMP) ## run the tests, several files at once; ARGS="-n 0 -x ..." for pytest itself
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(STAMP) ## lint, types, layering, definitions, workspace
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@set -e; home=$$(mktemp -d); trap 'rm -rf "$$home"' EXIT; printf 'telemetry:\n  enabled: false\n' > $$home/dagster.yaml; \
	VIRTUAL_ENV=$(abspath $(VENV)) DAGSTER_HOME=$$home $(BIN)/dg check defs; \
	VIRTUAL_ENV=$(abspath $(VENV)) DAGSTER_HOME=$$home $(BIN)/dg check toml; \
	PYTHONWARNINGS=ignore::FutureWarning DAGSTER_HOME=$$home $(BIN)/dagster definitions validate -w workspace.yaml --log-level warning

bench: $(STAMP) ## NAME=x ARGS="...": run benchmarks/x.py beside its peers
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet $(UV_TORCH) -r $(LOCK) --editable '.[bench]'
	@$(BIN)/python -m benchmarks.$(NAME) $(ARGS)

conformance: $(STAMP) ## read the corpora in PAKE_CORPORA: feeds, e-mails, hostile XML
	@$(BIN)/python -m benchmarks.conformance

demo-outage: $(STAMP) ## kill a real service of a scratch project and print who noticed, told and healed it
	@$(BIN)/python -m demos.outage

demo-restore: $(STAMP) ## plant damage in a backup and drop a table of a scratch project: found, and recovered
	@$(BIN)/python -m demos.restore

screenshots: $(STAMP) ## ARGS="--dark NAME ...": pictures of the project's reports in docs/images/reports
	@$(BIN)/python -m demos.screenshots $(ARGS)

# torch is pinned in pyproject.toml: the lock leaves open which build of it, and so which of its GPU packages
lock: | $(BIN)/uv ## compile the lock file anew
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip compile --quiet --upgrade --extra dev --extra tracing --python-version 3.11 \
	  --no-emit-package torch --custom-compile-command "make lock" -o $(LOCK) pyproject.toml

clean: ## remove .venv and caches; data stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
