# Every target does its own set-up: on a fresh machine, `make demo` or `make test` is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Of `make mutants`: how many of each protocol and role, and for how long at the most.
SAMPLE ?= 60
SECONDS ?= 900

# Tests start hundreds of processes of ours: what is compiled once is kept, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test sweep mutants check format bench clean

help:
	@echo "make demo    judge the mock, a broken coordinator and a small agent; leave reports"
	@echo "make test    lint, types and all tests"
	@echo "make sweep   the suites against every broken and every odd peer, not a sample (half an hour)"
	@echo "make mutants a score of what the suites catch, into docs/detection.md (SAMPLE, SECONDS)"
	@echo "make check   lint and types only"
	@echo "make bench   CPU time a request, start-up, memory, duration of a run"

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $(READY)

demo: $(READY)
	$(BIN)/python -m tests.demo

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/assay lint

# More at a time than there may be cores: tests wait for peers most of the time.
test: check
	$(BIN)/python -m pytest -n 3 --dist worksteal

sweep: $(READY)
	ASSAY_ALL_PEERS=1 $(BIN)/python -m pytest -n 2 tests/mutants

mutants: $(READY)
	$(BIN)/python -m tests.mutants.detection --sample $(SAMPLE) --seconds $(SECONDS)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist out assay-report assay-mutation .mypy_cache .ruff_cache .pytest_cache
