# Each target does its own set-up: a virtual environment in .venv with the versions of requirements.lock.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
WORKERS ?= 2
# Workers that share the cores: threads of each would only wait for those of the others.
ONE_THREAD := TF_NUM_INTRAOP_THREADS=1
# Where benchmarks find real pictures, and on which splits recipes are compared.
SHARED := $(or $(HEADSTART_SHARED),../shared)
SPLITS := 0 1 2 3 4
WITHOUT_DATA := not shared and not all_backbones and not browser and not notebook and not packaging and not slow
# Tests of files, tables, numbers and documents: none of them trains.
QUICK := $(wildcard tests/test_[a-m]*.py tests/test_[o-z]*.py) tests/cases tests/data tests/files tests/metrics tests/prediction tests/trust
# The other libraries of `make peers`, whose packages Headstart never needs, and where torch's CPU builds lie.
PEERS := .venv-peers
PEERS_PYTHON ?= python3.11
TORCH_WHEELS ?= https://download.pytorch.org/whl/cpu/torch/
PEERS_RESULTS ?= runs/peers
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: help demo test check coverage fuzz format bench gpu peers lock peers-lock notebooks clean
.DEFAULT_GOAL := help

help: ## Show what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 20

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "Headstart needs Python 3.11 to 3.13; this is %d.%d. Name another one: make PYTHON=python3.12" % v)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY) ## Train the built-in backbone on handwritten digits and write a report
	$(BIN)/headstart demo

test: $(READY) ## Run the whole test suite
	$(ONE_THREAD) $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

check: $(READY) ## Format and lint check, type check, tests that need no data
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m '$(WITHOUT_DATA)'

coverage: $(READY) ## Measure which lines the tests execute that need no real data
	$(ONE_THREAD) $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m '$(WITHOUT_DATA)' --cov --cov-report term --cov-report html

quick: $(READY) ## Format, lint and type check, and the tests that train nothing (two minutes)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(ONE_THREAD) $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m '$(WITHOUT_DATA)' $(QUICK)

fuzz: $(READY) ## Read 2,000 mutated files of every format and kill runs at 20 random moments (an hour)
	HEADSTART_FUZZ_EXAMPLES=2000 $(ONE_THREAD) $(BIN)/python -m pytest --numprocesses $(WORKERS) tests/fuzzing
	HEADSTART_KILLED_RUNS=10 $(ONE_THREAD) $(BIN)/python -m pytest --numprocesses $(WORKERS) tests/run/test_kill.py

format: $(READY) ## Put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure what the README claims (an idle machine, some hours, needs the real data)
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/vgg19_mini_probe.py
	$(BIN)/python benchmarks/trunk_engines.py
	$(BIN)/python benchmarks/linear_probe.py
	$(BIN)/python benchmarks/bank_reuse.py
	$(BIN)/python benchmarks/bank_memory.py
	$(BIN)/python benchmarks/export_parity.py
	$(BIN)/python benchmarks/honesty.py
	$(BIN)/python benchmarks/predict_speed.py
	$(BIN)/python benchmarks/serving_load.py
	$(BIN)/python benchmarks/recipe_vs_keras.py --recipes headstart careful --seeds $(SPLITS)
	$(BIN)/python benchmarks/recipe_vs_keras.py --recipes published
	$(BIN)/python benchmarks/recipe_vs_keras.py --recipes headstart-openvino headstart-int8 --paired headstart-int8 headstart-openvino --seeds $(SPLITS)
	$(BIN)/python benchmarks/recipe_vs_keras.py --recipes headstart-openvino headstart-int8 published --paired headstart-int8 published \
		--backbone vgg19 --weights none --image-size 128 --data $(SHARED)/data/trashnet --num-pictures 366 --epochs 10 10 --views 4
	$(BIN)/python benchmarks/recipe_choices.py --seeds 20 21
	$(BIN)/python benchmarks/plan_accuracy.py
	$(BIN)/python benchmarks/fine_tuning_rates.py
	$(BIN)/python benchmarks/probe_stages.py
	$(BIN)/python benchmarks/probe_stages.py --test
	$(BIN)/python benchmarks/detection.py
	$(BIN)/python benchmarks/detection_bank.py
	$(BIN)/python benchmarks/segmentation.py
	$(BIN)/python benchmarks/anomaly.py

gpu: $(READY) ## Measure one GPU (ten minutes, needs the real data)
	$(BIN)/python benchmarks/gpu.py

$(PEERS)/.ready: benchmarks/peers/requirements.lock
	$(PEERS_PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --find-links $(TORCH_WHEELS) --requirement $<
	@touch $@

peers: $(READY) $(PEERS)/.ready ## Measure fastai and scikit-learn beside Headstart (hours, needs the real data)
	$(BIN)/python benchmarks/headstart_vs_peers.py --networks mobilenetv2 --seeds 0 1 2 --peers-python $(PEERS)/bin/python --out $(PEERS_RESULTS)
	$(BIN)/python benchmarks/headstart_vs_peers.py --networks vgg16 --data $(SHARED)/data/flowers5 --peers-python $(PEERS)/bin/python --out $(PEERS_RESULTS)

notebooks: $(READY) ## Build the notebooks from their text form
	$(BIN)/jupytext --to ipynb notebooks/*.py

lock: $(READY) ## Pin the newest versions that pyproject.toml allows
	$(LOCK) --upgrade --all-extras --output-file requirements.lock pyproject.toml
	$(LOCK) --constraint requirements.lock --output-file requirements-core.lock pyproject.toml
	$(LOCK) --constraint requirements.lock --output-file requirements-serve.lock requirements-serve.txt

peers-lock: $(READY)
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --python-platform x86_64-manylinux_2_28 --generate-hashes --no-header \
		--find-links $(TORCH_WHEELS) --output-file benchmarks/peers/requirements.lock benchmarks/peers/requirements.txt

clean: ## Remove the environment and everything that was built
	rm -rf .venv .venv-peers build dist runs demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
