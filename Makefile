# `make demo` and `make test` do all set-up themselves; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
# Stamps lie inside the environment they speak of, so that one never outlives the other.
STAMPS := $(VENV)/.stamps
INSTALL := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install -qq
UNIT := not zookeeper and not lab and not pty and not tmux and not web and not console and not slow

.PHONY: help demo test check lint types imports coverage unit format \
	system-packages fuzz lab-up lab-down bench docs screenshots clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMPS)/run ## the console on a simulated cluster: needs nothing but Python
	@$(BIN)/python -m pvctui --demo

# Four processes for two cores: some tests wait for ZooKeeper, a terminal or a browser.
# Three labs stand side by side, with nothing else on the machine; they are tried even if something else fails.
test: system-packages $(STAMPS)/node lint types imports coverage ## everything: gates, unit tests, real ZooKeeper, libvirt, IPMI and Ceph
	@failed=0; \
	$(BIN)/pytest -n 4 --dist worksteal -m "not lab" --durations=10 || failed=$$?; \
	$(BIN)/pytest -n 3 --dist loadfile -m lab --durations=10 || failed=$$?; \
	exit $$failed

check: $(STAMPS)/dev lint types imports coverage unit ## what needs no system component, in under a minute

lint: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMPS)/dev
	$(BIN)/mypy

imports: $(STAMPS)/dev
	$(BIN)/lint-imports

# The decisions and the values they are made of are covered whole, by their own tests alone.
coverage: $(STAMPS)/dev
	$(BIN)/pytest -q -n 2 --cov --cov-report=term tests/model tests/plan

unit: $(STAMPS)/dev
	$(BIN)/pytest -q -n 2 -m "$(UNIT)"

# Stopped half-way, it says with which SEED it goes on.
COUNT ?= 1000
SEED ?= 0
fuzz: $(STAMPS)/dev ## random fault schedules on all cores, COUNT=1000 from SEED=0 on, on each cluster of tests/fuzz
	@for cluster in tests/fuzz/*.toml; do echo "$$cluster:"; \
	$(BIN)/pvc simulate "$$cluster" --fuzz $(COUNT) --seed $(SEED) --jobs 0; done

format: $(STAMPS)/dev ## mend what can be mended by itself
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

# Installs what the lab needs, where that is allowed; elsewhere the tests say what they miss, and CI fails.
system-packages:
	@lab/system-packages || [[ "$${CI:-}" != true ]]

lab-up: system-packages $(STAMPS)/node ## a real cluster on this machine (root)
	$(BIN)/python -m lab up

lab-down: $(STAMPS)/dev ## end the lab and leave nothing behind
	$(BIN)/python -m lab down

bench: system-packages $(STAMPS)/dev ## the figures of docs/PERFORMANCE.md
	$(BIN)/python -m bench

docs: $(STAMPS)/dev ## write what docs/ has of the code anew
	PYTHONPATH=. $(BIN)/python docs/make_reference.py

screenshots: $(STAMPS)/run ## draw screenshots/ anew
	$(BIN)/python -m screenshots.make

clean: ## remove the environment and what tools leave behind
	rm -rf $(VENV) build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- set-up --------------------------------------------------------------------------------------------------------

# What pip does for a package that it copies: else all of it is compiled at the first start, and where Python may not keep
# bytecode (PYTHONDONTWRITEBYTECODE) at every start.
COMPILE := $(BIN)/python -m compileall -q nodedaemon pvcapi pvccli pvccore pvctui simulation

# pip is the last thing that venv makes: where it is, the environment is whole.
$(BIN)/pip:
	@packaging/check-python
	@echo "Setting up $(VENV) (once) …"
	@python3 -m venv --clear $(VENV)

$(STAMPS)/run: pyproject.toml constraints.txt | $(BIN)/pip
	@$(INSTALL) -e .
	@$(COMPILE)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: pyproject.toml constraints.txt | $(BIN)/pip
	@$(INSTALL) -e '.[api,dev,web]'
	@$(COMPILE)
	@mkdir -p $(STAMPS) && touch $@ $(STAMPS)/run

# libvirt-python is built from source. Without libvirt's headers the lab tests say so; CI takes no excuse.
$(STAMPS)/node: $(STAMPS)/dev
	@if $(INSTALL) -e '.[node]'; then touch $@; \
	else echo "libvirt-python can't be built: apt install libvirt-dev pkg-config gcc python3-dev" >&2; [[ "$${CI:-}" != true ]]; fi
