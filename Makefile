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

$(VENV)/.peers: infra/requirements/peer-validata-table.txt infra/requirements/peer-csv-detective.txt infra/requirements/peer-datasette.txt $(VENV)/.bench
	@for peer in validata-table csv-detective datasette; do echo "  installing $$peer beside, from its lock"; \
	  $(BIN)/python -m venv $(VENV)/peers/$$peer && $(VENV)/peers/$$peer/bin/python -m pip install --quiet \
	  --disable-pip-version-check --require-hashes -r infra/requirements/peer-$$peer.txt || exit 1; done
	@touch $@

run: $(VENV)/.run ## Start everything, run the main job through Airflow, say where to look; PROFILE=full: with CKAN
	@$(BIN)/python -m infra.native run $(if $(PROFILE),--profile $(PROFILE))

stop: ## End every service that `make run` started
	@test -x $(BIN)/python && $(BIN)/python -m infra.native stop || echo "nothing was running"

status: $(VENV)/.run ## Say which services run, and which policy the engine decides by
	@$(BIN)/python -m infra.native status

logs: $(VENV)/.run ## Show the last lines of each service's log
	@$(BIN)/python -m infra.native logs

services-up: $(VENV)/.run ## Obtain, configure and start PostgreSQL, Redis, Solr, CKAN and the platform; ONLY= some of them
	@$(BIN)/python -m infra.native up $(ONLY)

services-down: stop ## End every service that `make services-up` started

services-status: status ## Say which of them run

services-test: $(VENV)/.dev ## Try the real services, on ports and folders of their own
	@$(BIN)/pytest tests/services

backup: $(VENV)/.run ## Write all that cannot be made again into one archive, while the platform works: TO=
	@$(BIN)/python -m infra.native backup $(TO)

restore: $(VENV)/.run ## Make an empty state folder what an archive holds: FROM=
	@$(BIN)/python -m infra.native restore $(FROM)

clean: stop ## Stop, and remove everything made at run time (declarations stay)
	@rm -rf .archipel dbt/target dbt/logs

test: $(VENV)/.dev ## Run every check and every test, on ports and folders of their own
	@$(BIN)/python -m infra.native.opa_binary
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/archipel policy test
	@$(BIN)/pytest -n 2 --dist loadfile --ignore tests/airflow --ignore tests/acceptance --ignore tests/services
	@$(BIN)/pytest tests/airflow

accept: $(VENV)/.dev ## Run the main job on the real files beside the project
	@$(BIN)/python -m infra.native.opa_binary
	@$(BIN)/pytest tests/acceptance -m shared

bench: $(VENV)/.peers ## Measure what docs/benchmarks.md claims, both sides in one run
	@$(BIN)/python -m bench

new-member: $(VENV)/.run ## Declare a member: ID= (the rest is asked; or NAME= SIREN= INSEE= POPULATION=)
	@$(BIN)/archipel new member $(ID) $(if $(NAME),--name "$(NAME)") $(if $(SIREN),--siren "$(SIREN)") \
	  $(if $(INSEE),--insee-code "$(INSEE)") $(if $(POPULATION),--population "$(POPULATION)")

new-source: $(VENV)/.run ## Declare where a member keeps a dataset: MEMBER= DATASET= (and URL= or CONNECTOR=)
	@$(BIN)/archipel new source $(MEMBER) $(DATASET) $(if $(URL),--url "$(URL)") $(if $(CONNECTOR),--connector $(CONNECTOR))

new-dataset: $(VENV)/.run ## Write the contract and models of a dataset: ID= (and SCHEMA= or FROM=, ENTITY= GROUP=)
	@$(BIN)/archipel new dataset $(ID) $(if $(SCHEMA),--schema "$(SCHEMA)") $(if $(FROM),--from $(FROM)) \
	  $(if $(ENTITY),--entity $(ENTITY)) $(if $(GROUP),--group $(GROUP))

new-connector: $(VENV)/.run ## Write a connector, its test and its source in the suite: NAME=
	@$(BIN)/archipel new connector $(NAME)

new-policy: $(VENV)/.run ## Write a rule that refuses, its test and its reason page: PACKAGE= NAME=
	@$(BIN)/archipel new policy $(PACKAGE) $(NAME)

dry-run: $(VENV)/.run ## Ask a member's sources and say what would be accepted, keeping nothing: MEMBER=
	@$(BIN)/archipel rehearse $(MEMBER)

docs: $(VENV)/.run ## Write docs/reference and docs/reasons from the code
	@$(BIN)/archipel docs write && $(BIN)/archipel policy reasons

lock: ## Write the locks anew from pyproject.toml
	@infra/requirements/compile.sh

.PHONY: help run stop status logs services-up services-down services-status services-test backup restore clean test accept bench lock docs dry-run \
  new-member new-source new-dataset new-connector new-policy
