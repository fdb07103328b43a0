PYTHON := .venv/bin/python
READY := .venv/.ready
KERNEL := .venv/.kernel
DOCS := .venv/.docs
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt
# The library has a rule of its own, so that installing does not compile it too.
INSTALL := HATCH_BUILD_NO_HOOKS=true $(PIP) --no-build-isolation -e

.PHONY: demo test test-all docs bench calibrate lint wheels clean

demo: $(KERNEL)
	$(PYTHON) -m bayes_glmm demo

test: $(KERNEL)
	$(PYTHON) -m pytest -n auto --dist worksteal --doctest-modules bayes_glmm tests

test-all: $(DOCS) $(KERNEL)
	$(PYTHON) -m tests.parts $(PART)

docs: $(DOCS) $(KERNEL)
	$(PYTHON) docs/families.py
	$(PYTHON) -m sphinx -E -W --keep-going -q docs build/docs
	@echo "Open build/docs/index.html"

bench: $(KERNEL) build/peers/.ready
	$(PYTHON) benchmarks/run.py
	$(PYTHON) benchmarks/gradient.py
	$(PYTHON) benchmarks/design_size.py
	$(PYTHON) benchmarks/families.py

calibrate: $(KERNEL)
	$(PYTHON) -m benchmarks.calibrate
	$(PYTHON) -m benchmarks.calibrate --planted --runs 100
	$(PYTHON) -m benchmarks.calibrate_families
	$(PYTHON) -m tests.mutants.run

lint: $(READY)
	.venv/bin/ruff check .
	.venv/bin/mypy

# For every platform, or for BG_WHEEL=tag: CC knows this machine alone.
wheels: $(READY)
	$(PIP) $$(env -u CC $(PYTHON) hatch_build.py --requires)
	env -u CC $(PYTHON) hatch_build.py --wheels dist

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist demo docs/made

$(READY): pyproject.toml constraints.txt hatch_build.py .ci/venv
	@sh .ci/venv
	$(PIP) hatchling editables $$($(PYTHON) hatch_build.py --requires)
	$(INSTALL) ".[all,test,lint]"
	@touch $@

$(DOCS): $(READY)
	$(INSTALL) ".[docs]"
	@touch $@

$(KERNEL): $(READY) hatch_build.py bayes_glmm/native/c_files.py $(wildcard native/*.c native/*.h)
	$(PYTHON) hatch_build.py
	@touch $@

build/peers/.ready: pyproject.toml constraints.txt benchmarks/peers.txt
	$(PYTHON) -m venv build/peers
	build/peers/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r benchmarks/peers.txt -e .
	@touch $@
