# The two commands a newcomer types are `make demo` and `make test`; each does all the set-up it needs.
# All you need is Python 3.10 or newer, make, and access to the package registries.

SHELL := /bin/bash
# Python may store bytecode: otherwise each of hundreds of processes would compile it again.
export PYTHONDONTWRITEBYTECODE :=
PYTHON ?= python3
# uv from PATH, else our own in .uv, downloaded as a wheel from the package index that pip uses.
UV := $(or $(shell command -v uv),.uv/bin/uv)
RUN := $(UV) run --no-sync
# pyspark-client, used by the embedded engine, and pyspark share one folder, so Apache Spark has its own environment.
SPARK_RUN := UV_PROJECT_ENVIRONMENT=.venv-spark $(RUN)
# The tests of the dashboard's JavaScript. Node comes as a Python package.
NODE_TESTS := $(RUN) node --test --test-reporter=dot "tests/web/javascript/*.test.js"

.PHONY: demo test check set-up notebooks screenshots lint format docs audit torture bench clean help

help:            ## This list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: .venv/.demo ## Fill 100,000 mock customers, run the operations, open the dashboard
	$(RUN) customer360 demo

test: set-up .venv/.browser .venv-spark/.complete lint  ## All tests: fast ones on every core, slow ones two files at a time, then those of Apache Spark and of both engines
	$(NODE_TESTS)
	$(RUN) coverage erase
	$(RUN) coverage run -m pytest -n auto --dist loadfile -m "not slow and not java"
	$(RUN) coverage combine --quiet
	$(RUN) coverage report --format=total
	$(RUN) pytest -n 2 --dist loadfile -m "slow and not java"
	$(SPARK_RUN) pytest -n 2 --dist loadfile -m "java or both" --timeout=900  # on two cores, planning takes a cold Java minutes

check: set-up lint   ## Lint, types, layers, and the fast tests, including the operations: about three minutes
	$(NODE_TESTS)
	$(RUN) pytest -n auto --dist loadfile -m "not slow and not browser and not published and not java"

lint: set-up
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) cog --check README.md CONTRIBUTING.md docs/*.md
	$(RUN) python scripts/check_prose.py
	@if [ -e node_modules/.complete ]; then set -x; $(RUN) node_modules/.bin/tsc && $(RUN) node_modules/.bin/oxlint; \
	else echo "NOT CHECKED: types and style of the JavaScript, because the npm registry is unreachable"; fi

format: set-up   ## Format the code, apply the linter's fixes, and regenerate docs and the Power BI project
	$(RUN) ruff check --fix
	$(RUN) ruff format
	$(RUN) cog -r README.md CONTRIBUTING.md docs/*.md
	$(RUN) customer360 power-bi --server 127.0.0.1:54360 --without nothing --overwrite

torture: set-up .venv-spark/.complete  ## Inject faults (kills, cuts, full disks, contention) for up to 20 minutes; figures go to docs/reliability.md
	$(RUN) python -m tests.torture

docs: set-up     ## Build the documentation site in site/, offline
	$(RUN) mkdocs build --strict

screenshots: .venv/.browser ## Retake the pictures of the dashboard, with 100,000 mock customers
	$(RUN) python scripts/screenshots.py

notebooks: set-up ## Run the notebooks again, on a separate database, and save their outputs
	home=$$(mktemp -d) && chmod 755 $$home && export CUSTOMER360_HOME=$$home \
	&& trap "$(RUN) customer360 db stop && rm -rf $$home" EXIT && $(RUN) customer360 notebook --execute

audit: set-up    ## Check every locked package against public security advisories
	$(UV) audit --frozen --preview-features audit

set-up: .venv/.complete node_modules/.complete

# `make demo` installs only what it runs. Python compiles that at first use, which is faster than compiling all of it here.
# A complete environment stays as is.
.venv/.demo: pyproject.toml uv.lock | $(UV)
	@if [ -e .venv/.complete ]; then $(MAKE) --silent .venv/.complete; else \
	echo "Installing the packages of the demo into .venv: 0.8 GB, a minute the first time"; \
	$(UV) sync --frozen --no-default-groups --extra embedded --no-compile-bytecode --quiet; fi
	@touch $@

.venv/.complete: pyproject.toml uv.lock | $(UV)
	@echo "Installing the development environment into .venv: 1.8 GB, a few minutes the first time"
	@$(UV) sync --frozen --extra embedded --extra excel --extra notebook --quiet
	@touch .venv/.demo $@

# tsc and oxlint, for `make lint`, which continues without them if the npm registry is unreachable.
node_modules/.complete: package.json package-lock.json .npmrc | .venv/.complete
	@rm -f $@; if errors=$$($(RUN) npm ci 2>&1); then touch $@; \
	elif $(RUN) npm view typescript version > /dev/null 2>&1; then echo "$$errors"; exit 1; fi

.venv-spark/.complete: pyproject.toml uv.lock | $(UV)
	@echo "Installing Apache Spark and Java into .venv-spark: 1.7 GB, a few minutes the first time"
	@UV_PROJECT_ENVIRONMENT=.venv-spark $(UV) sync --frozen --no-group docs --no-group javascript --extra spark --extra excel --extra notebook --quiet
	@touch $@

# Tests, pictures and benchmarks need a browser. Without one, these tests are skipped with the reason.
.venv/.browser: .venv/.complete
	@$(RUN) python scripts/find_chromium.py --fetch > /dev/null || true
	@touch $@

.uv/bin/uv:
	@$(PYTHON) scripts/install_uv.py .uv

bench: .venv/.browser .venv-spark/.complete ## Run all benchmarks, including peers, write the tables and report what changed: about three hours
	PATH="$(dir $(abspath $(UV))):$$PATH" $(RUN) python -m benchmarks.all

clean:           ## Remove the environments; the data of the embedded database stays
	rm -rf .coverage* .venv .venv-spark .uv node_modules .chromium site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
