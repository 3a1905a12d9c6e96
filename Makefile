# `make help` lists what there is to do. Any Python from 3.8 on the machine is enough to start: the
# project's own Python, uv and packages are set up in this folder (see tools/environment.py).

MODEL ?= taxi
DEFAULT_PYTHON := $(shell cat .python-version)

# Another Python gets an environment of its own, so that going back and forth installs nothing twice.
OTHER_PYTHON := $(filter-out $(DEFAULT_PYTHON),$(PYTHON))
UV_PROJECT_ENVIRONMENT ?= .venv$(if $(OTHER_PYTHON),-$(notdir $(OTHER_PYTHON)))
BIN = $(UV_PROJECT_ENVIRONMENT)/bin

# Tests of one file share what is dear to make, so a file stays with one worker.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

# By the target's name; docs/scale.md says what the variables are.
ON_ENGINE = $(BIN)/python -m tools.beam $@ $(MODEL) $(if $(JOB_SERVER),--job-server $(JOB_SERVER)) \
	$(if $(MASTER),--master $(MASTER)) $(if $(POOL),--pool $(POOL))

export UV_PROJECT_ENVIRONMENT
# What another environment may have left behind would break this one, or compile TensorFlow anew at
# each start.
unexport VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

# A command that fails with pyenv's "not installed" must not be taken for a Python.
find_python = for python in python3 /usr/bin/python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && break; python=; done; \
	[ "$$python" ] || { echo 'error: make needs a Python from 3.8 on the PATH, as python3' >&2; exit 2; }

.DEFAULT_GOAL := help
.PHONY: help setup run flink spark data dashboard serve demo-drift test chaos cluster check static unit clean

help: ## list the targets
	@echo 'usage: make TARGET [MODEL=taxi] [PYTHON=3.10]'
	@echo
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

setup: ## install what uv.lock says into .venv (the other targets do it themselves)
	@$(find_python); $$python -m tools.environment

run: setup ## train, judge and push the model MODEL
	@$(BIN)/python -m pipeline run $(MODEL)

flink: setup ## run MODEL on a Flink of its own; JOB_SERVER=host:8099 on one that is there
	@$(ON_ENGINE)

spark: setup ## the same on Spark
	@$(ON_ENGINE)

data: setup ## fetch the public data set that the model MODEL is meant for
	@$(BIN)/python -m pipeline data $(MODEL)

dashboard: setup ## look at runs in a browser; RUNS='runs gs://bucket/runs' names other places
	@$(BIN)/python -m dashboard $(if $(RUNS),--runs $(RUNS))

serve: setup ## serve the pushed models on http://127.0.0.1:8501, gRPC on 8500
	@$(BIN)/python -m serving up $(SERVE)

demo-drift: setup ## serve, let the world move, and see the model trained again; in runs/demo-drift
	@$(BIN)/python -m monitoring.demo

test: setup ## the whole suite, pipelines included
	@echo 'Running every test ...'
	@$(PYTEST)

chaos: setup ## kill, fill, delete, flip and shift what runs need; SEED=N repeats one
	@SEED=$(SEED) $(BIN)/python -m pytest -m chaos --tb=short tests/chaos

cluster: setup ## whole pipelines on Flink and Spark; needs Java and Maven
	@$(BIN)/python -m pytest -m cluster tests/cluster

check: static unit ## lint, types, import contracts and the quick tests

static: setup ## the part of check that runs no test
	@echo 'Linting ...'
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@echo 'Checking types ...'
	@$(BIN)/mypy --no-error-summary
	@echo 'Checking who imports whom ...'
	@contracts=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$contracts" >&2; exit 1; }

unit: static
	@echo 'Running the unit tests ...'
	@$(PYTEST) -m 'not e2e and not slow'

clean: ## remove the environments, caches and a uv of the project's own; runs and models stay
	@rm -rf .venv .venv-* .tools .*_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
