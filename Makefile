# The two commands of the README are `make demo` and `make test`; each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEMO := demo_run

.PHONY: setup demo test test-all lint docs clean

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt uv
	@# uv knows where the CPU builds of torch are; what pip finds by itself may be the CUDA build.
	$(BIN)/uv pip install --quiet --python $(BIN)/python --torch-backend cpu \
		--constraint constraints.txt torch \
		|| { echo "setup: no CPU build by uv; pip takes the torch that it finds"; \
		$(BIN)/pip install --quiet --constraint constraints.txt torch; }
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

demo: setup
	$(BIN)/aegru-hw demo --out $(DEMO) --force

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -m "not cross"

test-all: lint
	$(BIN)/pytest

docs: setup
	PYTHONPATH=. $(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) $(DEMO) build dist
