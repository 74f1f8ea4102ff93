# `make help` lists the verbs. Each of them sets up what is missing first.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON := .venv/bin/python
CONFIG ?= configs/census.yaml

.PHONY: help setup run serve test test-all check bench docs doctor clean audit sbom lock

help: ## this list
	@echo "make VERB [CONFIG=configs/census.yaml]"; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv with everything that is needed (silent when nothing is missing)
	@./setup.sh

run: setup ## run the pipeline of CONFIG: data to a gated, pushed model and a report
	@$(PYTHON) local_runner.py --config $(CONFIG)

test: setup ## run the tests (under 30 minutes on 2 cores)
	@$(PYTHON) -m pytest -n 2 -m "not slow" --cov --cov-report=term

test-all: setup ## run every test, also the long ones
	@$(PYTHON) -m pytest -n 2 --dist worksteal --cov --cov-report=term

check: setup ## lint, types and import rules
	@$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check . \
	  && $(PYTHON) -m mypy && .venv/bin/lint-imports

serve: setup ## serve the model that CONFIG's pipeline released: REST on 8501, gRPC on 8500
	@$(PYTHON) -m sluicegate_cli serve --config $(CONFIG)

bench: setup ## benchmarks: ratios against stock TFX, scikit-learn, shap and a hand-written endpoint; the gates' error rates
	@$(PYTHON) -m benchmarks.quality && $(PYTHON) -m benchmarks.e2e && $(PYTHON) -m benchmarks.serving
	@$(PYTHON) -m benchmarks.fairness && $(PYTHON) -m benchmarks.explanation && $(PYTHON) -m benchmarks.score && $(PYTHON) -m benchmarks.splits \
	  && $(PYTHON) -m benchmarks.gates

docs: setup ## write the generated pages of docs/ (settings)
	@$(PYTHON) -m sluicegate_cli settings --markdown > docs/settings.md

doctor: setup ## check this machine and say what is wrong with it
	@$(PYTHON) -m sluicegate_cli doctor

clean: ## remove what runs left behind; released models stay
	@for folder in output/*/; do [ -d "$$folder" ] || continue; \
	  rm -rf "$$folder"artifacts "$$folder"runs "$$folder"metadata.db; done
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage build *.egg-info
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

audit: setup ## known vulnerabilities of both locks; ends with 3 where no database could be asked (OSV_URL=... names a mirror)
	@uv=$$(command -v uv || echo .setup/uv/bin/uv); [ -x .setup/pip-audit/bin/pip-audit ] || $$uv venv --quiet --python $(PYTHON) .setup/pip-audit; \
	  VIRTUAL_ENV=.setup/pip-audit $$uv pip sync --quiet --require-hashes locks/pip_audit.lock
	@$(PYTHON) -m locks.audit --pip-audit .setup/pip-audit/bin/pip-audit --osv-url "$(OSV_URL)"

sbom: setup ## a CycloneDX bill of materials per lock, in build/
	@$(PYTHON) -m locks.sbom

lock: setup ## resolve requirements.lock anew (uv.lock names hosts, so it is not kept)
	@uv lock --quiet --python 3.11 && uv export --quiet --frozen --extra pipeline --no-header --no-annotate --no-emit-project \
	  -o requirements.lock >/dev/null && rm uv.lock
	@sed -nE 's/^tensorflow==/tensorflow-cpu==/; s/^([a-zA-Z0-9_.-]+)(\[[a-z,]+\])?==([^ ;]+).*/\1==\3/p' requirements.lock \
	  | uv pip compile --quiet --no-deps --generate-hashes --no-header --no-annotate --python-version 3.11 \
	    --python-platform x86_64-manylinux_2_28 -c - -o deploy/serving/requirements.lock deploy/serving/requirements.in
	@echo "pip-audit==$$(sed -nE 's/^pip-audit==([^ ]+).*/\1/p' locks/pip_audit.lock)" | uv pip compile --quiet --generate-hashes --no-header --no-annotate \
	  --python-version 3.11 --universal - -o locks/pip_audit.lock
