# `make demo` and `make test` are all that a newcomer needs. `make help` lists the rest.
# Variables: PYTHON=python3.12  INCIDENT=sample_incidents/...  TESTS=tests/unit  PYTEST_ARGS="-k store"  UPGRADE=1

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PYTHON

BIN := .venv/bin
INCIDENT ?= sample_incidents/petshop-low-train-00
TESTS ?= tests
WORKERS ?= 2
# The tests see what a new machine has and nothing that hides a fault (PYTHONUNBUFFERED, say).
CLEAN := env -i PATH="$$PATH" HOME="$$HOME" LANG=C.UTF-8 \
         $(foreach name,TMPDIR CLOUDOPS_REQUIRE_PARTS,$(if $($(name)),$(name)="$($(name))"))
UV := .venv/.uv/bin/uv
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --group build $(if $(UPGRADE),--upgrade)

.PHONY: help
help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' Makefile | expand -t 20

.PHONY: demo
demo: venv ## investigate a real recorded incident (on a terminal: in the cockpit; in a pipe: as text)
	@$(BIN)/cloudops investigate --incident "$(INCIDENT)" --store .demo/cloudops.db

.PHONY: test
test: lint ## every check and every test
	@$(CLEAN) $(BIN)/python -m pytest -q -n $(WORKERS) $(PYTEST_ARGS) $(TESTS)

.PHONY: test-parts
test-parts: ## install the real servers that some tests need (Debian packages)
	@.ci/parts

.PHONY: lint
lint: dev ## style, types and import layers
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >.venv/lint-imports.log 2>&1 || { cat .venv/lint-imports.log; exit 1; }

.PHONY: format
format: dev ## rewrite the code in the project's style
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

.PHONY: bench
bench: dev ## print the table of speeds
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

.PHONY: accuracy
accuracy: dev ## write docs/accuracy.md: first sight, each system left out, by evidence, reliability (many minutes)
	@$(BIN)/python -m benchmarks.accuracy

.PHONY: calibration
calibration: dev ## fit how sure a first answer may be by what was seen at first sight, and write engine/reason/fitted_calibration.py
	@$(BIN)/python -m benchmarks.calibration --write

.PHONY: first-sight
first-sight: dev ## score a stage of incidents that nobody has looked at, once, and record it (STAGE=stage-2)
	@$(BIN)/python -m benchmarks.first_sight $(STAGE)

.PHONY: metamorphic
metamorphic: dev ## what must not change an answer, on every incident there is (many minutes)
	@PYTHONPATH=.:tests/metamorphic $(BIN)/python -m product $(METAMORPHIC_ARGS)

.PHONY: fuzz
fuzz: dev ## spoil every kind of input at random and let the commands read it (SECONDS=3600)
	@PYTHONPATH=.:tests/fuzz $(BIN)/python tests/fuzz/run.py --seconds $(or $(SECONDS),3600) $(FUZZ_ARGS)

.PHONY: audit-dependencies
audit-dependencies: venv ## look up the locked dependencies in PyPI's list of known vulnerabilities (needs the network)
	@test -x .venv/.audit/bin/pip-audit || { $(BIN)/python -m venv .venv/.audit && \
	  .venv/.audit/bin/python -m pip --disable-pip-version-check install -qq pip-audit 2>/dev/null; } || \
	  { echo "audit-dependencies: nothing was checked: pip-audit can't be installed; is there a network?" >&2; exit 1; }
	@for lock in requirements.lock requirements-dev.lock; do \
	  .venv/.audit/bin/pip-audit --require-hashes --disable-pip --strict --requirement $$lock >.venv/.audit/log 2>&1 && continue; \
	  if grep -q "known vulnerabilit" .venv/.audit/log; then cat .venv/.audit/log; exit 1; fi; \
	  echo "audit-dependencies: $$lock was not checked: PyPI's list of known vulnerabilities can't be reached" \
	    "($$(tail -n 1 .venv/.audit/log | cut -c 1-200))" >&2; exit 1; \
	done; echo "no known vulnerabilities"

.PHONY: cluster-faults
cluster-faults: dev ## cause each fault on a test cluster, record it, and see whether it is told first (an hour; INTO=a new folder)
	@$(BIN)/python -m benchmarks.cluster_faults --into $(INTO) $(FAULTS)

.PHONY: cluster-sequence
cluster-sequence: dev ## investigate faults live on a test cluster, one after another (half an hour; INTO=a new folder)
	@$(BIN)/python -m benchmarks.cluster_sequence --into $(INTO) $(FAULTS)

.PHONY: docs
docs: dev ## write docs/reference, docs/keys.md and docs/schemas again from the code
	@$(BIN)/python docs/generate.py

.PHONY: secret-rules
secret-rules: dev ## take over the forms of vendors' tokens from their maintained rule set again
	@$(BIN)/python -m benchmarks.secret_rules

.PHONY: picture
picture: dev ## take docs/pictures/cockpit.svg again
	@$(BIN)/python docs/pictures/take.py

.PHONY: build
build: dev ## a wheel in dist/
	@$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

.PHONY: lock
lock: venv ## resolve the dependencies again (UPGRADE=1: to their newest versions)
	@test -x $(UV) || $(BIN)/python -m pip --disable-pip-version-check install -qq --target .venv/.uv uv
	@$(LOCK) --output-file requirements.lock pyproject.toml
	@$(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

.PHONY: clean
clean: ## remove everything that make made
	@rm -rf .venv .demo dist

.PHONY: venv
venv:
	@.ci/venv requirements.lock

.PHONY: dev
dev:
	@.ci/venv requirements-dev.lock
