# The work is done by the scripts in tools/; this file names them. Variables may be given on the command line:
#   make run WEB_PORT=8080 OMERODIR=/data/omero
OMERODIR ?= .omero
WEB_PORT ?= 4080
ICE_PORT ?= 4063
ICE_TLS_PORT ?= 4064
HOST ?= 127.0.0.1
VENV ?= .venv
# options for pytest, for example: make test TESTS="tests/deploy -x"
TESTS ?=
# names of benchmarks; all when empty
BENCHMARKS ?=

export OMERODIR WEB_PORT ICE_PORT ICE_TLS_PORT HOST

PY := $(VENV)/bin/python
SET_UP := @python3 tools/set_up.py --venv $(VENV)

.PHONY: help setup run test lint check bench clean

help:
	@echo "make run      set up, start the embedded server and OMERO.web (Ctrl-C stops both)"
	@echo "make setup    set up only"
	@echo "make test     set up and run the tests; TESTS=... gives pytest options"
	@echo "make lint     format, style, types and import rules"
	@echo "make check    lint and test"
	@echo "make bench    measure speed"
	@echo "make clean    remove what set-up made (keeps $(OMERODIR))"

setup:
	$(SET_UP) run

run:
	$(SET_UP) run
	@exec $(PY) tools/run.py

# OMERO.web puts wrappers of its own into omero.gateway, and clients must meet the server without them; the server's log-in
# tests want Ice's classes untouched by what other tests load. So these run in processes of their own.
test:
	$(SET_UP) test
ifeq ($(strip $(TESTS)),)
	@env -u OMERODIR $(PY) -m pytest tests/clients
	@env -u OMERODIR $(PY) -m pytest tests/omero_embedded/server
	@env -u OMERODIR $(PY) -m pytest tests --ignore=tests/clients --ignore=tests/omero_embedded/server
else
	@env -u OMERODIR $(PY) -m pytest $(TESTS)
endif

lint:
	$(SET_UP) lint
	@$(PY) tools/lint.py

check: lint test

bench:
	$(SET_UP) test
	@env -u OMERODIR $(PY) -m benchmarks $(BENCHMARKS)

clean:
	rm -rf $(VENV) node_modules static/vendor build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -not -path "./.git/*" -prune -exec rm -rf {} +
