# Two commands: `make run` sets everything up and starts the app, `make test` the tests.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint browser clean

run: .venv/run.done
	$(BIN)/streamlit run app.py

test: .venv/dev.done browser
	$(BIN)/python -m pytest -m 'not alone' --numprocesses 2 --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest -m alone

lint: .venv/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run.done: requirements.txt requirements-train.txt | .venv/bin/python
	$(BIN)/pip install --quiet --requirement requirements-train.txt
	touch $@

.venv/dev.done: requirements.txt requirements-train.txt requirements-dev.txt | .venv/bin/python
	$(BIN)/pip install --quiet --requirement requirements-dev.txt
	touch $@ .venv/run.done

browser: .venv/dev.done
	$(BIN)/python scripts/install_browser.py

clean:
	rm -rf .venv
