# budgetwatch: `make run` to work in it, `make test` to prove it.
VENV ?= .venv
BIN := $(VENV)/bin
export BUDGETWATCH_HOME ?= ./var

.DEFAULT_GOAL := help
.PHONY: help run test test-short lint bench soak lock screenshots looks messages clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.run: requirements/run.txt pyproject.toml tools/environment.sh
	@tools/environment.sh $(VENV) requirements/run.txt
	@touch $@

$(VENV)/.test: requirements/test.txt pyproject.toml tools/environment.sh
	@tools/environment.sh $(VENV) requirements/test.txt
	@touch $@ $(VENV)/.run

run: $(VENV)/.run ## install, build the demo city if there is none, serve on http://127.0.0.1:8050
	@$(BIN)/budgetwatch serve --demo

test: $(VENV)/.test ## install what the tests need and run all of them
	@tools/browser.sh $(VENV)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-short: $(VENV)/.test ## the same without the browser
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not browser"

lint: $(VENV)/.test ## style, types, the direction of imports, the rule files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/budgetwatch rules check rules

bench: $(VENV)/.test ## the measured ratios at 10 M payments (minutes); ROWS=1000000 for a quick look
	@$(BIN)/python -m bench $(if $(ROWS),--rows $(ROWS))

soak: $(VENV)/.test ## the long tests
	@$(BIN)/python -m pytest -m soak

screenshots: $(VENV)/.test ## the pictures of README, taken from the running product
	@tools/browser.sh $(VENV)
	@$(BIN)/python -m tests.browser.pictures

messages: $(VENV)/.test ## the catalogues of the screens: 繁體 made anew, missing English named
	@$(BIN)/python -m tools.messages
	@$(BIN)/python -m tools.glossary

looks: $(VENV)/.test ## keep the pictures that tests/browser/test_look.py compares with, after a change that is meant
	@tools/browser.sh $(VENV)
	@BUDGETWATCH_KEEP_LOOKS=1 $(BIN)/python -m pytest -q -m "browser or soak" tests/browser/test_look.py

lock: ## resolve the dependencies anew
	@tools/lock.sh

clean: ## remove the environment and what tests leave behind (never the home)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/_artifacts
