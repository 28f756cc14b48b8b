# Everything a developer types. `make` alone lists it; a new habit is a target, not a wiki page.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 \
	|| command -v python3.14 || command -v python3 || echo python3)
BIN := .venv/bin
TOOLS := .venv-security
READY := .venv/ready
VALIDATORS := .venv/validators
UV := $(shell command -v uv || echo $(BIN)/uv)
COMPILE := $(UV) pip compile -q --python $(BIN)/python --generate-hashes --no-emit-index-url \
	--python-version 3.11 --universal --custom-compile-command "make lock"

##@ Every day
.PHONY: run test quick seed demo-traffic
run: $(READY) ## Start everything on this machine; Ctrl-C stops it. B2B_DATA, GATEWAY_PORT, B2B_DEMO=0
	@exec $(BIN)/b2b run

test: $(READY) ## All tests, on real Postgres and NATS. A part of them: make test T=tests/domain
	@$(if $(T),$(BIN)/pytest $(T),tests/run)

quick: $(READY) ## Rules, contracts and the shape of the code: seconds, no servers
	@$(BIN)/pytest -q $(wildcard tests/domain tests/contracts tests/architecture)

seed: $(READY) ## Make the demo gyms on the running installation, if they are not there; S=seed
	@$(BIN)/b2b seed $(if $(S),--seed $(S))

demo-traffic: $(READY) ## Keep the demo gyms moving until Ctrl-C; R=10 deeds a second instead of 2
	@$(BIN)/b2b demo-traffic $(if $(R),--rate $(R))

##@ Before pushing
.PHONY: lint types format validate image bench security laws chaos drill
lint: $(READY) ## Style, format, types, who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

types: $(READY) ## Types only
	$(BIN)/mypy

format: $(READY) ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

validate: $(VALIDATORS) ## The image and the manifests, no cluster; promtool (Debian: prometheus), CRDS_DIR
	@$(BIN)/pytest -q tests/validate
	@$(BIN)/python -m deploy.validate

image: $(VALIDATORS) ## Build the image and run it as a cluster would, by podman or docker. BASE, BUILD, ENGINE
	@$(BIN)/python -m deploy.trial

bench: $(READY) ## Measure against the baselines; writes bench/RESULTS.md and bench/results.json. B="hot --rounds 5"
	@$(BIN)/python -m bench $(B)

laws: $(READY) ## What must hold of any history and any input, on examples that were never tried. T=tests/domain
	@$(BIN)/pytest -m hypothesis --hypothesis-profile=search $(or $(T),tests)

chaos: $(READY) ## Every fault, also those that take long or take root; tells what each did. T=tests/faults/test_disks.py
	@$(BIN)/pytest -m "faults or chaos" $(or $(T),tests)

drill: $(READY) ## Lose an installation of its own, bring it back from a backup, prove it is the same
	@$(BIN)/b2b drill

security: $(READY) $(TOOLS)/ready ## Rules of our own, licences, known faults, controls, fuzzing. ADVISORIES=clone, PARTS=a,b
	@$(BIN)/python -m deploy.security $(PARTS)

##@ Contracts and locks
.PHONY: freeze schema manifests lock
freeze: $(READY) ## Write a frozen schema for each new event type, and the AsyncAPI document
	@$(BIN)/python -m contracts.freeze

schema: $(READY) ## Print the GraphQL schema the apps are generated from
	@$(BIN)/python -m gateway.schema > .venv/schema.graphql
	@mv .venv/schema.graphql gateway/schema.graphql

manifests: $(READY) ## Write the manifests that follow from code: rights, secrets, scaling
	@$(BIN)/python -m deploy.cluster

lock: $(READY) ## Pin every dependency with its hashes; newer ones with U=--upgrade
	@$(COMPILE) $(U) pyproject.toml -o requirements.txt
	@$(COMPILE) $(U) pyproject.toml --group dev -o requirements-dev.txt
	@$(COMPILE) $(U) --group validate -c requirements-dev.txt -o requirements-validate.txt
	@$(COMPILE) $(U) --group security -o requirements-security.txt

##@ The machine
.PHONY: setup reset help
setup: $(READY) ## Install everything into .venv; the others do it by themselves

reset: $(READY) ## Throw the local data away (B2B_DATA, .data)
	@$(BIN)/b2b data reset

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Hashes are checked. uv comes by pip, into .venv, so that nothing outside the clone changes;
# `pip --python` needs no ensurepip, which some systems leave out.
$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || { echo "[1/3] making .venv with $(PYTHON)"; \
		$(PYTHON) -m venv --without-pip .venv; }
	@test -x "$(UV)" || { echo "      fetching uv"; \
		$(PYTHON) -m pip --python $(BIN)/python install -q --disable-pip-version-check uv; }
	@echo "[2/3] installing what requirements-dev.txt pins"
	@$(UV) pip install --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@echo "[3/3] installing this clone"
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(READY)

# Only for `make validate`: nobody else waits for it.
$(VALIDATORS): requirements-validate.txt $(READY)
	@echo "installing what requirements-validate.txt pins"
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements-validate.txt
	@touch $(VALIDATORS)

$(TOOLS)/ready: requirements-security.txt | $(READY)
	@echo "installing the tools of make security into $(TOOLS)"
	@$(UV) venv -q --allow-existing --python $(BIN)/python $(TOOLS)
	@$(UV) pip install -q --python $(TOOLS)/bin/python --require-hashes -r requirements-security.txt
	@touch $@
