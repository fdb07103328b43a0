PYTHON := .venv/bin/python
READY := .venv/.ready
DOCS := .venv/.docs

.PHONY: demo test test-all docs bench calibrate lint clean

demo: $(READY)
	$(PYTHON) -m bayes_glmm demo

test: $(READY)
	$(PYTHON) -m pytest -n auto --dist worksteal --doctest-modules bayes_glmm tests

test-all: $(DOCS)
	$(PYTHON) -m tests.parts $(PART)

docs: $(DOCS)
	$(PYTHON) docs/families.py
	$(PYTHON) -m sphinx -E -W --keep-going -q docs build/docs
	@echo "Open build/docs/index.html"

bench: $(READY) build/peers/.ready
	$(PYTHON) benchmarks/run.py
	$(PYTHON) benchmarks/gradient.py
	$(PYTHON) benchmarks/design_size.py
	$(PYTHON) benchmarks/families.py

calibrate: $(READY)
	$(PYTHON) -m benchmarks.calibrate
	$(PYTHON) -m benchmarks.calibrate --planted --runs 100
	$(PYTHON) -m benchmarks.calibrate_families
	$(PYTHON) -m tests.mutants.run

lint: $(READY)
	.venv/bin/ruff check .
	.venv/bin/mypy

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist demo docs/made

$(READY): pyproject.toml constraints.txt .ci/venv
	@sh .ci/venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[all,test,lint]"
	@touch $@

$(DOCS): $(READY)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	@touch $@

build/peers/.ready: pyproject.toml constraints.txt benchmarks/peers.txt
	$(PYTHON) -m venv build/peers
	build/peers/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r benchmarks/peers.txt -e .
	@touch $@
