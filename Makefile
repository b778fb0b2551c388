# Two words to know: `make demo` and `make test`. Each target makes .venv by itself when it is
# missing or older than pyproject.toml or constraints.txt. Needs Python 3.11 or later and make.

PYTHON    ?= python3
WORKERS   ?= 2
BIN       := .venv/bin
RUNTIME   := .venv/.runtime
TOOLS     := .venv/.tools
PYTEST    := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile
OLDEST    := 3.11

.DEFAULT_GOAL := help
CHECKS := check-format check-lint check-types check-imports check-sql check-contracts
.PHONY: help demo test test-all check format dev bench install clean-venv $(CHECKS)

help:
	@echo "make demo      a demo bank from extracts to reports: two month ends closed, the headline printed"
	@echo "make test      every test not marked slow"
	@echo "make test-all  the slow ones too, with coverage"
	@echo "make check     format, lint, types, imports, SQL, data contracts"
	@echo "make format    rewrite Python and SQL in the house format"
	@echo "make dev       the Dagster UI on the demo bank"
	@echo "make bench     measure the engine and its peers, side by side"

demo: $(RUNTIME)
	$(BIN)/alm demo

test: $(TOOLS)
	$(PYTEST) -m "not slow"

# Coverage cannot see inside jitted code: the small bank and the laws run a second time with jit off.
test-all: $(TOOLS)
	$(PYTEST) --cov --cov-report= --cov-fail-under=0
	NUMBA_DISABLE_JIT=1 $(PYTEST) --cov --cov-append --cov-report=term tests/pipeline/test_small_bank.py tests/properties

# All of them, two at a time, even when one fails.
check: $(TOOLS)
	@$(MAKE) --no-print-directory --keep-going --output-sync=target -j $(WORKERS) $(CHECKS)

check-format:
	$(BIN)/ruff format --check .
check-lint:
	$(BIN)/ruff check .
check-types:
	$(BIN)/mypy
check-imports:
	$(BIN)/lint-imports
check-sql:
	$(BIN)/sqlfluff lint --disable-progress-bar sql
check-contracts:
	$(BIN)/alm contracts check

format: $(TOOLS)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .
	$(BIN)/sqlfluff fix --disable-progress-bar sql

dev: $(RUNTIME)
	$(BIN)/alm ui

bench: $(TOOLS)
	$(BIN)/python -m alm_pipeline.bench

install: $(TOOLS)

clean-venv:
	rm -rf .venv

# $(call installed,EXTRAS): .venv with the project and these extras, made when it is missing.
define installed
	@if command -v uv >/dev/null 2>&1; then \
	  echo "installing into .venv with uv"; \
	  { [ -x $(BIN)/python ] || uv venv --python '>=$(OLDEST)' .venv; } && \
	  uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.$(1)'; \
	else \
	  { [ -x $(BIN)/python ] || { \
	      command -v $(PYTHON) >/dev/null 2>&1 || { \
	        echo "no $(PYTHON) found | to fix: install Python $(OLDEST) or later, or make PYTHON=/path/to/python"; exit 1; }; \
	      $(PYTHON) -c "import sys; sys.exit(sys.version_info < tuple(map(int, '$(OLDEST)'.split('.'))))" || { \
	        echo "$$($(PYTHON) --version) is too old | needed: Python $(OLDEST) or later | to fix: install one, then make PYTHON=python$(OLDEST)"; exit 1; }; \
	      $(PYTHON) -m venv .venv || { \
	        echo "$(PYTHON) cannot make a virtual environment | to fix: install its venv package (python3-venv on Debian)"; rm -rf .venv; exit 1; }; }; } && \
	  echo "installing $(2) into .venv with pip: one to three minutes" && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.$(1)'; \
	fi
	@touch $@
endef

# What runs the product, and what tests it too.
$(RUNTIME): pyproject.toml constraints.txt
	$(call installed,,about 100 packages)

$(TOOLS): pyproject.toml constraints.txt
	$(call installed,[dev],about 140 packages)
	@touch $(RUNTIME)
