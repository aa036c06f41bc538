# Everything starts here: `make help`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
STAMP := $(VENV)/.laurel-ready
WEB_STAMP := web/node_modules/.laurel-ready
NPM := $(BIN)/python -m stack.node
UV_VERSION := 0.13.9
JOBS ?= 2
# of the commit: what passed here is what is tested elsewhere, and the next commit brings other cases
SEED := $(or $(SEED),$(shell printf '%d' "0x$$(git rev-parse --short=7 HEAD 2>/dev/null || echo 1)"))
SUPPORTED := 3.11 3.12 3.13
CODE := agents api bench cli db examples loyalty outbox schemas stack tests tools

# python3 when it is one of the supported, else the newest of them that runs
FITS := import sys; sys.exit(sys.version_info[:2] not in [(3, 11), (3, 12), (3, 13)])
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(FITS)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

# uv where it is, else the one that setup puts beside Python; without a cache when the user has no place for one
UV = PATH="$$PATH:$(abspath $(BIN))" uv $(shell mkdir -p "$${UV_CACHE_DIR:-$${XDG_CACHE_HOME:-$$HOME/.cache}/uv}" \
	2>/dev/null || echo --no-cache)

.PHONY: help setup run down test test-long test-pythons check format bench lock clean web-setup

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv with everything that is pinned in requirements.lock

$(STAMP): requirements.lock setup.cfg pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "Laurel needs Python $(SUPPORTED): none of them is on PATH. \
	Install one, or name it: make PYTHON=/path/to/python3 setup" >&2; exit 1; }
	@echo "setup: $$($(PYTHON) --version) in $(VENV)"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	echo "$(PYTHON) cannot make a virtual environment: install its venv module \
	(Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@command -v uv >/dev/null || [ -x $(BIN)/uv ] || { echo "setup: uv"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	@echo "setup: $$(grep -c '^[a-z]' requirements.lock) packages of requirements.lock"
	@$(UV) pip install --python $(BIN)/python --requirement requirements.lock
	@echo "setup: Laurel"
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps \
	--config-setting editable_mode=compat --editable .
	@touch $(STAMP)

web-setup: $(WEB_STAMP) ## Install the web workspace's packages, as web/package-lock.json pins them

$(WEB_STAMP): web/package-lock.json web/.npmrc | $(STAMP)
	@echo "setup: $$(grep -c '"integrity"' $<) packages of $< at most"
	@$(NPM) ci --no-progress --loglevel=error || { echo "npm could not install the web apps' packages: is its \
	registry in reach ($$($(NPM) config get registry 2>/dev/null))? Then run make web-setup again" >&2; exit 1; }
	@touch $@

run: setup ## Start all, fill it with real purchases, stay up (ARGS="--once --baskets 2000")
	@$(BIN)/laurel run $(ARGS)

down: setup ## Stop what runs here
	@$(BIN)/laurel stack down

test: setup ## All tests on real servers; campaigns small (SEED=… other cases, JOBS=1 one at a time)
	LAUREL_TEST_SEED=$(SEED) $(BIN)/pytest --numprocesses=$(JOBS) --dist=loadfile --hypothesis-seed=$(SEED) $(ARGS)

test-long: setup ## All tests, campaigns whole; reports go to docs/reports
	LAUREL_TEST_LONG=1 LAUREL_TEST_SEED=$(SEED) $(BIN)/pytest --timeout=7200 --hypothesis-seed=$(SEED) $(ARGS)

test-pythons: ## Unit tests and a smoke of the stack on every supported Python that is here
	@for version in $(SUPPORTED); do python=; \
	for found in python$$version "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$version.*/bin/python; do \
	"$$found" -c '$(FITS)' >/dev/null 2>&1 && { python=$$found; break; }; done; \
	[ -n "$$python" ] || { echo "Python $$version: not here"; continue; }; \
	echo "Python $$version: $$python"; \
	$(MAKE) VENV=.tox/$$version PYTHON="$$python" setup; \
	LAUREL_TEST_SEED=$(SEED) .tox/$$version/bin/pytest -q --hypothesis-seed=$(SEED) -p no:cacheprovider \
	tests/unit tests/integration/test_stack_smoke.py; done

check: setup web-setup ## Formatting, lint, types, who imports whom, the image and compose files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	$(BIN)/hadolint docker/Dockerfile docker/Dockerfile.web
	$(NPM) run --silent check
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml

format: setup web-setup ## Format the code and sort its imports
	$(BIN)/ruff check --fix --select I .
	$(BIN)/ruff format .
	$(NPM) run --silent format

bench: setup ## Measure; one JSON object a line
	@for script in bench/[a-z]*.py; do \
	name=$$(basename $$script .py); [ $$name = common ] || [ $$name = peers ] || [ $$name = __init__ ] || \
	$(BIN)/python -m bench.$$name $(ARGS); done

bench-%: setup ## One of them: make bench-worker
	@$(BIN)/python -m bench.$(subst -,_,$*) $(ARGS)

lock: setup ## Pin the dependencies of setup.cfg, and Kafka's jars
	@$(UV) pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" --extra stack --extra dev setup.cfg -o requirements.lock
	@$(BIN)/python -m stack.jars

clean: ## Remove the virtual environments and caches (not .laurel: that is data)
	rm -rf $(VENV) web/node_modules web/apps/*/.next .tox .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
