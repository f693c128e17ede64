# Every target makes .venv by itself (Python 3.11, 3.12 or 3.13 and make are all it takes).
# Paths are relative, so the folder may have spaces in its name.

.DEFAULT_GOAL := help
.PHONY: help demo test report up docs lint format bench prove clean environment
MAKEFLAGS += --no-print-directory
export PYTHON

help:
	@echo 'make demo    set everything up and run the whole graph on the simulated league'
	@echo 'make test    set everything up, check the style and run the tests (some minutes)'
	@echo 'make report  load real seasons from MLB_REAL_DATA_DIR and write what the strategies earned: .mlb/report.html'
	@echo 'make up      serve the Dagster UI, its daemon and the dbt docs on this machine'
	@echo 'make docs    write the dbt docs as one page: .mlb/docs/index.html'
	@echo 'make lint    style, types and a strict parse of the dbt project'
	@echo 'make bench   measure the speeds, each beside its floor'
	@echo 'make prove   the long proofs, on real seasons too where MLB_REAL_DATA_DIR names them'
	@echo 'make clean   stop the embedded database and delete .venv, .mlb and what was built'
	@echo 'More: .venv/bin/mlb --help'

environment:
	@.ci/environment

demo: environment
	@.venv/bin/mlb demo

# Files that are loaded already cost half a second.
report: environment
	@.venv/bin/mlb archive load "$${MLB_REAL_DATA_DIR:-../shared/data}" && .venv/bin/mlb report

# The demo's world, unless MLB_ENVIRONMENT says otherwise.
up: environment
	@MLB_ENVIRONMENT=$${MLB_ENVIRONMENT:-demo} .venv/bin/mlb up

docs: environment
	@.venv/bin/mlb docs

lint: environment
	@.ci/lint

format: environment
	@.venv/bin/ruff check --quiet --fix . && .venv/bin/ruff format --quiet .

test: environment
	@.ci/test

prove: environment
	@.venv/bin/python -m pytest -q -m prove

bench: environment
	@.venv/bin/python -m benchmarks

clean:
	@.ci/clean
