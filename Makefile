PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
RUNTIME := .venv/.runtime-installed
DEV := .venv/.dev-installed

.DEFAULT_GOAL := help
.PHONY: help run train report test check serve package bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUNTIME) ## train the original's model, export, prove, and ask the HTTP app
	$(BIN)/python -m pipeline run --features classic

train: $(RUNTIME) ## train the deployed kind of model, export, prove (build/language)
	$(BIN)/python -m pipeline train

report: $(RUNTIME) ## evaluate both models on what they have not seen (report/index.html)
	$(BIN)/python -m pipeline evaluate

test: $(DEV) ## run every test
	.ci/chromium
	$(BIN)/python -m pytest

check: test ## run every test, ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

serve: $(RUNTIME) ## serve the app on 127.0.0.1:8000 (PORT=...)
	$(BIN)/python -m pipeline serve --port $(PORT)

package: $(RUNTIME) ## make the deployment zip in build/package
	$(BIN)/python -m pipeline package

bench: $(DEV) ## measure every speed and size that the README quotes
	$(BIN)/python -m benchmarks

clean: ## remove what was made, downloads and trained artifacts included
	rm -rf .venv build report data/downloads

$(RUNTIME): requirements.txt lambda_app/requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(DEV): $(RUNTIME) requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
