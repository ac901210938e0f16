# `make` alone lists what there is. Every target does its own set-up; nothing outside this folder is changed.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
DIR ?= .demo
# Test processes; each starts a mongod of its own unless MONGODB_URI is set.
JOBS ?= 2
# Networks of each kind for bench-detection, number of the first, and where finished ones are kept.
NETWORKS ?= 2
SEEDS ?= 0
BENCH_DIR ?= .bench-detection
INSTALLED := $(VENV)/.installed

.PHONY: help venv demo dossiers test test-browser screenshots test-all lint format bench bench-copies bench-detection lock reference wheel

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  Options: PYTHON=$(PYTHON) PORT=$(PORT) DIR=$(DIR) JOBS=$(JOBS); MONGODB_URI=… uses your own replica set."

venv: $(INSTALLED) ## Make .venv and install what requirements.lock names, by hash

# --no-deps: the lock names all that is needed, and leaves out what a package asks for and we do not use.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Python 3.11 or newer is needed, $(PYTHON) is {v.major}.{v.minor}: make PYTHON=python3.11 ...")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv is incomplete: install it (Debian: apt-get install python3-venv)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(INSTALLED) ## Load a network of 60 dealers and serve it (PORT=, DIR=; for a phone HTTPS=1 HOST=)
	@$(BIN)/audit-api demo --port $(PORT) --dir "$(DIR)" $(if $(HTTPS),--https) $(if $(HOST),--host "$(HOST)")

dossiers: $(INSTALLED) ## Write docs/dossiers from the demo's network
	$(BIN)/audit-api demo dossiers --out docs/dossiers

test: $(INSTALLED) ## Run the tests
	$(BIN)/pytest -n $(JOBS) --dist loadfile -m "not slow"

test-browser: $(INSTALLED) ## Run all of the field app's tests, in Chromium (`make test` runs a part of them)
	REQUIRE_CHROMIUM=1 $(BIN)/pytest -n $(JOBS) --dist load tests/browser

screenshots: $(INSTALLED) ## Render every screen of the field app into .screenshots/: phone size, zh and en, light and dark
	rm -rf .screenshots
	REQUIRE_CHROMIUM=1 $(BIN)/pytest -n 0 -q tests/browser/screenshots.py
	@echo "Look at them: nothing cut off, nothing left untranslated."

test-all: $(INSTALLED) ## Run the tests in full size, slow ones too, with ten times the random examples
	FULL=1 $(BIN)/pytest -n $(JOBS) --dist loadfile --hypothesis-profile thorough

lint: $(INSTALLED) ## Check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## Put the code into the house's format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(INSTALLED) ## Measure, and print ratios against the bare minimum
	$(BIN)/python -m tests.benchmarks

bench-copies: $(INSTALLED) ## Measure how well altered photos are found again; writes docs/copies-results.md
	$(BIN)/python -m tests.benchmarks.copies --write

bench-detection: $(INSTALLED) ## Measure detection on simulated networks (NETWORKS=2, or full; SEEDS= first number)
	$(BIN)/python -m tests.benchmarks.detection --networks $(NETWORKS) --first $(SEEDS) --folder "$(BENCH_DIR)" \
	  --page docs/detection-results.md

lock: $(INSTALLED) ## Renew requirements.lock (needs uv; installs it into a folder of its own)
	test -x .venv-lock/bin/uv || { $(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv; }
	.venv-lock/bin/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --no-emit-find-links --output-file requirements.lock

reference: $(INSTALLED) ## Write docs/reference.md from settings, problems, indicators and commands
	$(BIN)/python -m audit_api.reference > docs/reference.md.new
	mv docs/reference.md.new docs/reference.md

wheel: $(INSTALLED) ## Build dist/audit_api-*.whl
	$(BIN)/python -m build --wheel --no-isolation
