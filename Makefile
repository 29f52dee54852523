# The two commands first: `make demo` and `make test`. Everything installs into .venv; nothing needs the network but pip.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
E2E    := $(VENV)/.installed_e2e
# With uv, where it is installed, an install takes a tenth of pip's time. Some tests need pip itself: it is put in too.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
make_venv = $(if $(UV),uv venv --quiet --seed --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(1),$(PYTHON) -m venv $(1))
pip_install = $(if $(UV),uv pip install --quiet --compile-bytecode --python $(1)/bin/python,$(1)/bin/python -m pip install --quiet --disable-pip-version-check)
# Modules are compiled once, not again in each of the hundreds of processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE
# The tests make hundreds of small databases: in memory where there is room for them.
MEMORY := $(shell test "$$(df --output=avail -k /dev/shm 2>/dev/null | tail -1)" -gt 4000000 2>/dev/null && echo /dev/shm)
PYTEST := $(if $(MEMORY),TMPDIR=$(MEMORY) )$(BIN)/python -m pytest
LANE   := $(PYTEST) --dist loadfile --no-loadscope-reorder

.PHONY: help install install-e2e demo demo-ui test test-system test-all e2e screenshots test-parquet test-s3 chaos bench lint format audit ui twin clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(READY) ## Create .venv with the package and everything pinned in constraints.txt

$(READY): pyproject.toml constraints.txt
	$(call make_venv,$(VENV))
	$(call pip_install,$(VENV)) -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(READY) ## Run the main job on two weeks of generated data, without internet
	$(BIN)/python -m mining_assets_tests.demo

demo-ui: $(READY) ## Open the Dagster UI on the demo's result
	$(BIN)/python -m mining_assets_tests.demo --ui

test: $(READY) ## Run the unit and integration tests, on both databases where SQL differs
	$(LANE) -n 3 -m "not system"

test-system: $(READY) ## Run the tests on real processes and the rest on PostgreSQL: commands, daemon, deployment, faults in one round
	$(LANE) -n 2 -m system

test-all: test test-system test-s3 e2e ## Run every test

test-parquet: $(READY) ## Test the export to Parquet with pyarrow, installed where nothing else finds it
	$(call pip_install,$(VENV)) -c constraints.txt --target $(VENV)/parquet pyarrow
	$(BIN)/python -m pytest mining_assets_tests/integration/test_export.py -k parquet

test-s3: $(READY) ## Test the archive in an S3-compatible store, whose driver and server are installed where nothing else finds them
	$(call pip_install,$(VENV)) -c constraints.txt --target $(VENV)/s3 s3fs 'moto[s3]' flask flask-cors
	$(PYTEST) mining_assets_tests/system/test_object_store.py

e2e: $(E2E) ## Test the Dagster UI and the report in a browser (needs Debian's package chromium)
	$(PYTEST) mining_assets_tests/system/browser

install-e2e: $(E2E)

screenshots: export E2E_PICTURES = docs/images
screenshots: e2e ## The same, and take the README's pictures

$(E2E): $(READY)
	$(call pip_install,$(VENV)) -c constraints.txt -e '.[e2e]'
	@touch $@

# The seed is printed; the same CHAOS_SEED and CHAOS_ROUNDS play the same scenarios again.
chaos: export CHAOS_ROUNDS ?= 5
chaos: export CHAOS_SEED ?= $(shell date +%s)
chaos: $(READY) ## Run all tests, the long ones too, and the fault scenarios in many rounds from a new seed (hours)
	@echo "CHAOS_SEED=$$CHAOS_SEED CHAOS_ROUNDS=$$CHAOS_ROUNDS"
	$(BIN)/python -m pytest mining_assets_tests

bench: $(READY) ## Measure the speed against the machine's limits; writes docs/performance.json
	$(BIN)/python -m benchmarks

lint: $(READY) ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

audit: $(READY) ## Look for known vulnerabilities of the pinned packages (asks osv.dev, else PyPI)
	@$(call make_venv,$(VENV)/audit)
	@$(call pip_install,$(VENV)/audit) 'pip-audit==2.10.1'
	@$(BIN)/python -m mining_assets_tests.audit $(VENV)/audit/bin/pip-audit

ui: $(READY) ## Open the Dagster UI and its daemon on http://127.0.0.1:3000
	$(BIN)/mining-assets ui

twin: $(READY) ## Run the stand-in for Elexon, mempool.space and Coinbase in the foreground
	$(BIN)/python -m mining_assets_tests.support.twin --port 8900

clean: ## Remove the virtual environment and the demo (never your data)
	rm -rf $(VENV) .demo_generated
