# Needs Python >= 3.11 and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: compare test real lint schemas bless bench clean

# The main job: the architectural differences between the two shipped captures.
compare: $(VENV)/run
	@$(BIN)/aksparse compare corpus/captures/kubenet corpus/captures/azure-cni || [ $$? -eq 1 ]

# First all that needs no real tool, on every processor; then the tests against the kernel and the real tools, one by one.
test: $(VENV)/test
	$(BIN)/python -m pytest -m "not real" --numprocesses auto --dist worksteal
	$(BIN)/python -m pytest -m real

# The tests against the kernel and the real tools only; as root.
real: $(VENV)/test
	$(BIN)/python -m pytest -m real

lint: $(VENV)/test $(VENV)/lint
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	@if command -v shellcheck; then shellcheck src/aksparse/capture/collect.sh; else echo 'no shellcheck: collect.sh is not checked'; fi

# Generated files: schemas from the records, expected outputs from the inputs.
schemas: $(VENV)/run
	$(BIN)/python -c "from pathlib import Path; from aksparse.serialize import write_schemas; write_schemas(Path('schemas'))"

bless: $(VENV)/test schemas
	$(BIN)/python tests/bless.py $(CASES)

bench: $(VENV)/bench
	$(BIN)/python tests/bench/bench.py

clean:
	rm -rf $(VENV) dist build

$(VENV)/run: pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=...')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/test $(VENV)/lint $(VENV)/bench: $(VENV)/%: $(VENV)/run
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@
