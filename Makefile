SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint bench clean

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
READY := $(VENV)/ready
VLLM := build/vllm-cpu
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

help:  ## say what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check "$(TORCH)" -e ".[dev,llm,train]"
	touch $@

# Without a terminal `cxr mine` reads rows from stdin, so the examples are named there.
EXAMPLES := $(shell [ -t 0 ] || echo ' examples')

demo: $(READY)  ## reports -> verified steps -> scores, on the packaged examples
	@mkdir -p build/demo
	cd build/demo; cxr mine$(EXAMPLES) | cxr verify > steps.jsonl
	cxr score examples/answers.jsonl --summary
	@echo
	@echo 'Look at build/demo/steps.jsonl: one case a line, each step with its verdict, its reason and its evidence.'
	@echo 'Scored were the answers in examples/answers.jsonl, with the ways in which models answer.'
	@echo 'Next: your own reports, `cxr mine reports/ | cxr verify > steps.jsonl` with a folder of .txt files,'
	@echo 'or a table, `cxr mine reports.csv --map id=uid,report=findings+impression | cxr verify > steps.jsonl`.'

test: $(READY)  ## the fast tests
	python -m pytest -m "not slow"

$(VLLM)/ready: tests/vllm_cpu/build.py tests/vllm_cpu/requirements.txt
	$(PYTHON) tests/vllm_cpu/build.py $(VLLM)
	touch $@

test-all: $(READY) $(VLLM)/ready  ## all tests, with a vLLM that is built for them
	python -m pytest

lint: $(READY)  ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

bench: $(READY)  ## the figures in tests/bench/RESULTS.md
	python -m tests.bench

clean:  ## remove what make made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
