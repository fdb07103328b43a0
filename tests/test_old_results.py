"""Results of the version before, in the basis of the table: they load, answer and refit as they were.

``slopes.nc`` is ``Reaction ~ Days + (1 + Days | Subject)`` of sleepstudy and ``product.nc`` is
``y ~ trt * age + (1 | subject)`` of epil, Poisson; each with two chains of 500 draws at seed 1.
Beside each stands what that version answered.
"""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

import bayes_glmm as bg

HERE = Path(__file__).parent / "results"


@pytest.mark.parametrize("name", ["slopes", "product"])
def test_old_results_answer_as_they_did(name, tmp_path) -> None:
    shutil.copy(HERE / f"{name}.nc", tmp_path)
    tree = bg.load(tmp_path / f"{name}.nc")
    said = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    assert not any(str(v).startswith("reference_") for v in tree["posterior"])
    table = bg.summary(tree)
    assert table["parameter"].tolist() == said["summary"]["parameter"]
    np.testing.assert_allclose(table["mean"], said["summary"]["mean"], rtol=1e-9)
    np.testing.assert_allclose(table["sd"], said["summary"]["sd"], rtol=1e-9)
    known = bg.predictions(tree, groups="known")["mean"]
    np.testing.assert_allclose(known, said["fitted"], rtol=1e-9)
    average = bg.predictions(tree, by=True)["mean"].iloc[0]
    assert average == pytest.approx(said["average"], rel=1e-6)
    bg.diagnose(tree)


@pytest.mark.parametrize("name", ["slopes", "product"])
def test_old_results_refit_with_their_own_priors(name, tmp_path) -> None:
    """Their priors are on the table's scale, and stay there."""
    shutil.copy(HERE / f"{name}.nc", tmp_path)
    tree = bg.load(tmp_path / f"{name}.nc")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bg.errors.UnconvergedWarning)
        table = bg.prior_sensitivity(tree, scale=(1.0,), draws=500, chains=2, progress=False)
    assert not table.attrs["failures"]
    assert not table["parameter"].str.startswith("reference_").any()
    for _, rows in table.groupby("parameter"):
        first, second = rows["mean"]
        assert first == pytest.approx(second, abs=0.35 * rows["sd"].max())
