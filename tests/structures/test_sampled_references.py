"""Places, cells and counties, sampled: beside quadrature and the exact likelihoods of R."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from tests.structures.test_related_references import DATA, KNOWN, _typical, counties

pytestmark = [pytest.mark.slow, pytest.mark.fit, pytest.mark.filterwarnings("ignore")]

ZINC = {
    "(Intercept)": (6.9752285, 0.145336246), "sdist": (-2.53859122, 0.25067056),
    "sd_spatial": (0.409989242, 0.0693021283), "range_km": (0.26140066, 0.142174624),
    "sigma": (0.217283094, 0.0728915271),
}  # fmt: skip
"""Mean and sd by quadrature over the parameters of the covariance."""


def close(found: dict[str, np.ndarray], known: dict[str, tuple[float, float]]) -> None:
    """Means within a fifth of the reference's sd, and sds within 12 %."""
    for name, (mean, sd) in known.items():
        draws = found[name]
        assert abs(draws.mean() - mean) < 0.2 * sd, (name, draws.mean(), mean)
        np.testing.assert_allclose(draws.std(), sd, rtol=0.12, err_msg=name)


def test_posterior_of_zinc_is_the_quadrature() -> None:
    data = pd.read_csv(DATA / "meuse.csv")
    data = data.assign(site=[f"s{i:03d}" for i in range(len(data))], one=1.0,
                       sdist=np.sqrt(data["dist"]), lzinc=np.log(data["zinc"]))  # fmt: skip
    given = {
        "one": bg.Prior("Normal", mu=6, sigma=3), "sdist": bg.Prior("Normal", mu=0, sigma=3),
        "sd": bg.Prior("HalfNormal", sigma=1), "sigma": bg.Prior("HalfNormal", sigma=0.5),
        "range": bg.Prior("LogNormal", mu=float(np.log(0.3)), sigma=0.7),
    }  # fmt: skip
    tree = bg.fit(
        "lzinc ~ 0 + one + sdist + (1 | gr(site, P))", data, priors=given, draws=2000,
        structures={"P": bg.coordinates("x_km", "y_km", "exponential", "exact")}, progress=False,
    )  # fmt: skip
    post = tree["posterior"].to_dataset()
    close(
        {
            "(Intercept)": post["beta"].values[..., 0].ravel(),
            "sdist": post["beta"].values[..., 1].ravel(),
            "sd_spatial": post["sd_site"].values.ravel(),
            "range_km": post["range_site"].values.ravel(),
            "sigma": post["sigma"].values.ravel(),
        },
        ZINC,
    )


def test_cells_by_lineage_and_place_are_those_of_r() -> None:
    """Maximum likelihood lies inside the intervals; effects are those of the dense normal."""
    data = pd.read_csv(DATA / "lineage_sim.csv", dtype={"cell": str})
    lineage = bg.lineage(DATA / "lineage_sim.nwk")
    tree = bg.fit(
        "fate_score ~ 1 + (1 | gr(cell, L)) + (1 | gr(cell, S))", data, progress=False, draws=2000,
        structures={"L": lineage, "S": bg.coordinates("x_um10", "y_um10", "exponential")},
    )  # fmt: skip
    post, known = tree["posterior"].to_dataset(), KNOWN["lineage_sim"]
    sds = {"sd_lineage": "sd_cell_L", "sd_spatial": "sd_cell_S", "sd_residual": "sigma"}
    for peer, ours in sds.items():
        low, high = np.quantile(post[ours].values, [0.025, 0.975])
        assert low < known["theta"][peer] < high, (ours, low, high)
    fixed, se = known["fixed"][0], 0.407944319
    assert abs(post["intercept"].values.mean() - fixed) < 0.2 * se
    levels = post["cell_L"].values.astype(np.str_)
    rows = data.set_index("cell").loc[levels]
    A = lineage.prepare(levels).covariance({})
    gaps = np.linalg.norm(
        rows[["x_um10", "y_um10"]].to_numpy()[:, None] - rows[["x_um10", "y_um10"]].to_numpy(),
        axis=2,
    )
    theta = known["theta"]
    parts = [theta["sd_lineage"] ** 2 * A,
             theta["sd_spatial"] ** 2 * np.exp(-gaps / theta["range"])]  # fmt: skip
    V = sum(parts) + theta["sd_residual"] ** 2 * np.eye(len(A))
    left = np.linalg.solve(V, rows["fate_score"].to_numpy() - fixed)
    for part, name in zip(parts, ("u_cell_L", "u_cell_S"), strict=True):
        means = post[name].values.mean(axis=(0, 1))[:, 0]
        assert np.corrcoef(part @ left, means)[0, 1] > 0.98, name


ERRORS = {
    "icar": [0.0560969365], "bym2": [0.0526283696, 0.0267874129], "car": [0.140732849],
    "leroux": [0.137662411],
}  # fmt: skip
"""Standard errors of R's fixed effects."""


BOUNDARY = (0.35, 0.85)
"""For BYM2, whose estimate in R lies at the boundary without structure (rho is 4e-9): a posterior
averages over rho, and its slope lies between those of independent and of ICAR effects."""


@pytest.mark.parametrize("model", list(ERRORS))
def test_counties_by_every_areal_model_are_those_of_r(model: str) -> None:
    """Fixed effects within a fifth of R's errors, sds' intervals hold R's, and effects are R's."""
    edges = pd.read_csv(DATA / "nc_sids_edges.csv")
    label = {"icar": "icar_scaled", "car": "proper_car"}.get(model, model)
    known = KNOWN["nc_sids"][label]
    covariate = "nw10" if len(known["fixed"]) > 1 else "1"
    tree = bg.fit(
        f"SID74 ~ {covariate} + (1 | gr(county, M))", counties(), family="poisson",
        exposure="births", structures={"M": bg.areal(edges, model)}, draws=2000, progress=False,
    )  # fmt: skip
    post = tree["posterior"].to_dataset()
    found = [post["intercept"].values.mean()]
    if "beta" in post:
        found.append(post["beta"].values.mean())
    gaps = (np.array(found) - known["fixed"]) / ERRORS[model]
    levels = post["county"].values.astype(np.str_)
    means = post["u_county"].values.mean(axis=(0, 1))[:, 0]
    modes = np.array([known["modes"][c] for c in levels.tolist()])
    alike = np.corrcoef(means, modes)[0, 1]
    hyper = {} if model == "icar" else {"mix": list(known["theta"].values())[1]}
    sd = list(known["theta"].values())[0] * _typical(edges, levels, model, hyper)
    low, high = np.quantile(post["sd_county"].values, [0.025, 0.975])
    most, least = (0.2, 0.98) if model != "bym2" else BOUNDARY
    assert abs(gaps).max() < most, gaps
    assert alike > least and low < sd < high, (alike, low, sd, high)


def test_counties_without_a_map_are_those_of_glmer() -> None:
    """The fifth way: independent effects."""
    tree = bg.fit(
        "SID74 ~ 1 + (1 | county)", counties(), family="poisson", exposure="births", draws=2000,
        progress=False,
    )  # fmt: skip
    post = tree["posterior"].to_dataset()
    assert abs(post["intercept"].values.mean() - 0.6722) < 0.2 * 0.0641
    low, high = np.quantile(post["sd_county"].values, [0.025, 0.975])
    assert low < 0.40578241 < high
