# Client Workbook. `make` alone lists what a person can do here.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
WORKERS ?= 2
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
export PYTHONUTF8 := 1

# Installs a lock file into the environment: with uv where there is one, else with venv and pip.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12"; exit 2; }
	@echo "Setting up $(VENV) from $(1) ..."
	@if [ -n "$(UV)" ]; then \
		$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
		$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r $(1) && \
		$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
endef

$(VENV)/run.stamp: requirements.lock pyproject.toml
	$(call install,requirements.lock)
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/run.stamp

.PHONY: help report lab test check bench handbook pictures lock clean

help: ## list what can be done here
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

report: $(VENV)/run.stamp ## set up, make a demo book when there is none, write the HTML reports of three months
	@$(BIN)/clientlib demo
	@$(BIN)/clientlib report --from 2026-04-30 --to 2026-06-30 --language en,zh

lab: $(VENV)/run.stamp ## open JupyterLab on the notebooks
	@$(BIN)/jupyter lab --notebook-dir=. notebooks/lab/explorer.ipynb

check: $(VENV)/dev.stamp ## ruff, mypy and import-linter only
	$(BIN)/ruff check clientlib tests docs
	$(BIN)/ruff format --check clientlib tests docs
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV)/dev.stamp check ## set up, then every check and every test
	@sh tests/install.sh
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Tests that kill, damage and crowd a book, and that kill runs of reports and make hundreds of them: ten times
# as often as in CI, and their counts are printed.
LONGER := $(foreach test,kills damage concurrency,tests/book/test_$(test).py) \
	$(foreach test,killed soak,tests/report/test_$(test).py)

bench: $(VENV)/dev.stamp ## run the benchmarks and print their ratios
	$(BIN)/python -m pytest tests/bench $(LONGER) --benchmarks -q -s

handbook: $(VENV)/dev.stamp ## write the tables, messages and answers of the handbook anew
	$(BIN)/python docs/make_handbook.py

pictures: $(VENV)/dev.stamp ## make the handbook's pictures anew (needs LibreOffice and poppler)
	$(BIN)/python docs/pictures.py

lock: ## resolve the two lock files anew (needs uv)
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --group build --group dev --constraint requirements.lock --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements-dev.lock

clean: ## take away the environment and what tests left; the book, its keys and the reports stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache artefacts
