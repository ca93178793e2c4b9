PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
RUNTIME := .venv/.runtime-installed
DEV := .venv/.dev-installed
LAB := .venv/.notebook-installed
WANTED := Python 3.11 to 3.13 is needed: make PYTHON=python3.13 ...
# Nothing is installed whose hash is not in the lock.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r
PARALLEL := $(BIN)/python -m pytest -n auto --dist loadgroup
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--annotation-style line --custom-compile-command "make lock"

# Bytecode is kept whatever the shell says: tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run train report test test-fast test-install check notebook serve package dist bench \
	lock audit clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUNTIME) ## train the original's model, export, prove, and ask the HTTP app
	$(BIN)/python -m pipeline demo --features classic

train: $(RUNTIME) ## train the deployed kind of model, export, prove (build/language)
	$(BIN)/python -m pipeline train

report: $(RUNTIME) ## evaluate both models on what they have not seen (report/index.html)
	$(BIN)/python -m pipeline evaluate

test: $(DEV) ## run every test, in parallel
	.ci/apt
	$(PARALLEL)

test-fast: $(DEV) ## run the tests that take a moment each, in parallel
	.ci/apt
	$(PARALLEL) -m "not slow"

test-install: $(DEV) ## try each extra, and the oldest dependencies, by itself; print the sizes
	$(BIN)/python -m pytest -rP tests/install_extras.py

check: test ## run every test, ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

notebook: $(LAB) ## open the walk through data, features and models in JupyterLab
	$(BIN)/jupyter lab notebooks/exploration.ipynb

serve: $(RUNTIME) ## serve the app on 127.0.0.1:8000 (PORT=...)
	$(BIN)/python -m pipeline serve --port $(PORT)

package: $(RUNTIME) ## make the deployment zip in build/package
	$(BIN)/python -m pipeline aws package

# The same commit gives the same bytes.
dist: $(DEV) ## build wheel, sdist, SBOM and checksums in build/dist
	rm -rf build/dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/uv build --quiet --no-build-isolation \
		--python $(BIN)/python --out-dir build/dist
	$(BIN)/python -m pipeline.release.sbom requirements.lock > build/dist/sbom.cdx.json
	rm -f build/dist/.gitignore
	cd build/dist && sha256sum -- * > SHA256SUMS

bench: $(DEV) ## measure every speed and size that the documents quote
	$(BIN)/python -m benchmarks

# The versions in a lock stay unless a requirement asks for another: delete the lock for new ones.
lock: $(DEV) ## pin every dependency, with the hashes of its files, after a change of requirements
	$(COMPILE) lambda_app/requirements.in --output-file lambda_app/requirements.txt
	$(COMPILE) requirements.txt --output-file requirements.lock
	$(COMPILE) requirements-dev.txt --constraints requirements.lock --output-file requirements-dev.lock
	$(COMPILE) requirements-spark.txt --constraints requirements.lock \
		--constraints requirements-dev.lock --output-file requirements-spark.lock
	$(COMPILE) requirements-notebook.txt --constraints requirements.lock \
		--constraints requirements-dev.lock --output-file requirements-notebook.lock

audit: $(DEV) ## ask for known vulnerabilities of what is pinned (needs the network)
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock \
		--requirement requirements-dev.lock --requirement requirements-spark.lock \
		--requirement requirements-notebook.lock

clean: ## remove what was made, downloads and trained artifacts included
	rm -rf .venv build report data/downloads *.egg-info

$(RUNTIME): requirements.lock pyproject.toml setup.py
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "$(WANTED)")'
	$(PYTHON) -m venv .venv
	$(INSTALL) requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation --editable .
	touch $@

$(DEV): $(RUNTIME) requirements-dev.lock requirements-spark.lock
	$(INSTALL) requirements-dev.lock
	$(INSTALL) requirements-spark.lock
	touch $@

$(LAB): $(DEV) requirements-notebook.lock
	$(INSTALL) requirements-notebook.lock
	touch $@
