SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo reproduce-mini reproduce-mini-rewards test test-base install-all test-all test-gpu gpu-wheels lint bench clean

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
READY := $(VENV)/ready
VLLM := build/vllm-cpu
TRAINERS := build/trainers
ADAPTERS := build/adapters
RAY := build/ray
PYTEST := OMP_NUM_THREADS=1 python -m pytest -n auto --maxprocesses 8 --dist loadfile
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
unexport PYTHONDONTWRITEBYTECODE  # the tests start thousands of processes, each of which would compile the modules

help:  ## list what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(READY): pyproject.toml
	@echo 'Installing 2 GB into $(VENV): one to ten minutes, most of them for torch.'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check "$(TORCH)" -e ".[dev,llm,train]"
	touch $@

demo: $(READY)  ## every stage on a CPU, on drawn films, with a tiny model that learns: some four minutes on two cores
	@$(MAKE) --no-print-directory -f recipes/demo.mk

reproduce-mini: $(READY)  ## the method in miniature: MINI=quick, half an hour with one seed, or MINI=full, hours with three
	$(MAKE) -j2 -f recipes/mini.mk

reproduce-mini-rewards: $(READY)  ## process rewards at home and away, in miniature: an hour on two idle cores
	$(MAKE) -j2 -f recipes/mini-rewards.mk

test: $(READY)  ## the fast tests: some minutes on two cores
	@echo 'A dot for each test. The first come when all tests are collected, after half a minute.'
	$(PYTEST) -m "not slow"

BASE := build/base

test-base:  ## the fast tests in a base install: what needs an extra is skipped by name
	$(PYTHON) -m venv $(BASE)
	$(BASE)/bin/python -m pip install --disable-pip-version-check -e . pytest
	$(BASE)/bin/python -m pytest -m "not slow" -rs

$(VLLM)/ready: tests/vllm_cpu/build.py tests/vllm_cpu/requirements.txt
	$(PYTHON) tests/vllm_cpu/build.py $(VLLM)
	touch $@

$(TRAINERS)/ready: tests/rewards/other_trainers/build.py tests/rewards/other_trainers/requirements.txt | $(READY)
	$(VENV)/bin/python tests/rewards/other_trainers/build.py $(TRAINERS)
	touch $@

$(ADAPTERS)/ready: tests/adapters/requirements.txt
$(RAY)/ready: tests/recipes/ray/requirements.txt
$(ADAPTERS)/ready $(RAY)/ready: | $(READY)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --upgrade \
	  --target $(@D) -r $<
	touch $@

install-all: $(READY) $(VLLM)/ready $(TRAINERS)/ready $(ADAPTERS)/ready $(RAY)/ready  # by `make -j4`, side by side

test-all:  ## all tests, with a vLLM that is built for them: twenty minutes or more
	@$(MAKE) -j4 --no-print-directory install-all
	@echo 'The slow tests come first: for minutes there is no dot.'
	$(PYTEST) --no-loadscope-reorder

WHEELS := build/gpu-wheels
PACKAGES := $(CURDIR)/build/gpu-packages
PLATFORMS := manylinux_2_28_x86_64 manylinux_2_17_x86_64 manylinux2014_x86_64
GPU_PYTHON ?= 3.12

gpu-wheels:  ## what a machine with a GPU and PyTorch lacks for make test-gpu, to take there: 20 MB in build/
	rm -rf $(WHEELS)
	$(PYTHON) -m pip download --no-deps --only-binary=:all: --python-version $(GPU_PYTHON) --implementation cp \
	  $(PLATFORMS:%=--platform %) -d $(WHEELS) -r tests/bench/gpu/requirements.txt
	$(PYTHON) -m pip wheel --no-deps -w $(WHEELS) .

# In .venv if it is ready; otherwise with the machine's own Python, and with what `make gpu-wheels` brought.
test-gpu:  ## speed, memory, resuming and the demo on one GPU: less than ten minutes; on a CPU, small: GPU=--cpu
	@if ! [ -e $(READY) ] && [ -d $(WHEELS) ]; then \
	  rm -rf $(PACKAGES); \
	  $(PYTHON) -m pip install -q --disable-pip-version-check --no-index --no-deps --no-compile --target $(PACKAGES) $(WHEELS)/*.whl; \
	fi
	@if [ -e $(READY) ]; then python=python; else python=$(PYTHON); fi; \
	PYTHONPATH=$(CURDIR):$(PACKAGES)$${PYTHONPATH:+:$$PYTHONPATH} $$python -m tests.bench.gpu $(GPU)

lint: $(READY)  ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

bench: $(READY)  ## the figures in tests/bench/RESULTS.md
	python -m tests.bench

clean:  ## remove what make made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
