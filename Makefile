PYTHON := .venv/bin/python
READY := .venv/.ready

.PHONY: demo test test-all bench lint clean

demo: $(READY)
	$(PYTHON) -m bayes_glmm demo

test: $(READY)
	$(PYTHON) -m pytest --doctest-modules bayes_glmm tests

test-all: $(READY)
	$(PYTHON) -m pytest --doctest-modules -m "slow or not slow" bayes_glmm tests

bench: $(READY)
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(PYTHON) "$$script"; done

lint: $(READY)
	.venv/bin/ruff check .
	.venv/bin/mypy

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist demo

$(READY): pyproject.toml constraints.txt .ci/venv
	@sh .ci/venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[all,test,lint]"
	@touch $@
