# `make` alone lists what there is. Everything works from a fresh clone with Python, git and make.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help house up down reset doctor test test-fast check format bench events lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Every other target stands on this: .venv holds exactly what requirements.lock says (nothing to do when it does).
house:
	@$(PYTHON) tools/bootstrap.py

up: house ## start everything and wait until it is ready (TRANSPORT=kafka or log, DATE=2026-11-20; kept until changed)
	@$(BIN)/tsumugi up $(if $(TRANSPORT),--transport $(TRANSPORT)) $(if $(DATE),--date $(DATE))

down: house ## stop everything; the data stay
	@$(BIN)/tsumugi down

reset: house ## stop everything and delete its data
	@$(BIN)/tsumugi reset

doctor: house ## say what is missing on this machine and how to mend it
	@$(BIN)/python -m deploy.local.doctor

test: check ## everything: checks, front-end gates, all tests with PostgreSQL, Kafka and a browser
	@$(BIN)/python -m deploy.local.browser
	@test ! -f services/dashboard/web/package.json || $(BIN)/python -m deploy.local.web gates browser
	@$(BIN)/pytest

test-fast: check ## checks and the tests without Kafka, browser and histories
	@$(BIN)/pytest -m "not kafka and not browser and not slow"

check: house ## style, types, layers, own rules of the code
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tools.lint

format: house ## put the code into the one style
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

bench: house ## measure against the targets, medians of one run
	@$(BIN)/python -m benchmarks

events: house ## write the event catalogue and the golden schemas from the contracts
	@$(BIN)/tsumugi events

lock: house ## resolve the lists of packages anew into the locks (versions and hashes, no address)
	@$(BIN)/uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --quiet --upgrade --output-file requirements.lock
	@$(BIN)/python -m deploy.local.web lock
