# Two commands do everything: `make run` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

$(VENV)/.run: infra/requirements/run.txt infra/requirements/bootstrap.txt pyproject.toml infra/requirements/install.sh
	@PYTHON=$(PYTHON) infra/requirements/install.sh run

$(VENV)/.dev: $(VENV)/.run infra/requirements/dev.txt
	@PYTHON=$(PYTHON) infra/requirements/install.sh dev

$(VENV)/.bench: $(VENV)/.dev infra/requirements/bench.txt
	@PYTHON=$(PYTHON) infra/requirements/install.sh bench

run: $(VENV)/.run ## Start everything, run the main job through Airflow, say where to look
	@$(BIN)/python -m infra.native run

stop: ## End every service that `make run` started
	@test -x $(BIN)/python && $(BIN)/python -m infra.native stop || echo "nothing was running"

status: $(VENV)/.run ## Say which services run
	@$(BIN)/python -m infra.native status

logs: $(VENV)/.run ## Show the last lines of each service's log
	@$(BIN)/python -m infra.native logs

clean: stop ## Stop, and remove everything made at run time (declarations stay)
	@rm -rf .archipel dbt/target dbt/logs

test: $(VENV)/.dev ## Run every check and every test, on ports and folders of their own
	@$(BIN)/python -m infra.native.opa_binary
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/archipel policy test
	@$(BIN)/pytest

accept: $(VENV)/.dev ## Run the main job on the real files beside the project
	@$(BIN)/python -m infra.native.opa_binary
	@$(BIN)/pytest tests/acceptance -m shared

bench: $(VENV)/.bench ## Measure what docs/benchmarks.md claims, both sides in one run
	@$(BIN)/python -m bench

lock: ## Write the locks anew from pyproject.toml
	@infra/requirements/compile.sh

.PHONY: help run stop status logs clean test accept bench lock
