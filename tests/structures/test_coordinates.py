"""Places: covariances against the kernels' formulas, three ways of computing the field."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special

from bayes_glmm.errors import BayesGLMMError
from bayes_glmm.maths.field_maths import NUMPY, pytensor_maths
from bayes_glmm.maths.kernels import NUGGET, density
from bayes_glmm.model.blocks.nearest import conditionals
from bayes_glmm.structures import read_structure
from bayes_glmm.structures.coordinates import coordinates
from bayes_glmm.structures.earlier_neighbours import earlier_neighbours, nearest_factor

KERNELS = ["exponential", "matern32", "matern52", "gaussian"]
ORDER = {"exponential": 0.5, "matern32": 1.5, "matern52": 2.5}


def matern(kernel: str, d: np.ndarray, reach: float) -> np.ndarray:
    """Matern's correlation by its Bessel function, with what is each place's own."""
    own = NUGGET[kernel] * np.eye(len(d))
    if kernel == "gaussian":
        return (1 - NUGGET[kernel]) * np.exp(-0.5 * (d / reach) ** 2) + own
    nu = ORDER[kernel]
    a = np.sqrt(2 * nu) * d / reach
    safe = np.where(a > 0, a, 1.0)
    value = 2 ** (1 - nu) / special.gamma(nu) * safe**nu * special.kv(nu, safe)
    return (1 - NUGGET[kernel]) * np.where(a > 0, value, 1.0) + own


def table(rng: np.random.Generator, n: int, width: float = 4.0) -> pd.DataFrame:
    places = pd.DataFrame({"site": [f"s{i:04d}" for i in range(n)]})
    places["e"], places["n"] = rng.uniform(0, width, n), rng.uniform(0, width / 2, n)
    return places


def apart(points: np.ndarray) -> np.ndarray:
    gaps = points[:, None] - points[None]
    return np.hypot(gaps[..., 0], gaps[..., 1])


@pytest.mark.parametrize("kernel", KERNELS)
def test_exact_covariance_is_the_kernel_of_the_distances(kernel: str) -> None:
    rng = np.random.default_rng(1)
    data = table(rng, 25)
    rows = data.iloc[rng.permutation(np.repeat(np.arange(25), 2))]
    found = coordinates("e", "n", kernel, "exact").bind(rows, "site")
    shuffled = data.sample(frac=1, random_state=2)
    factor = found.prepare(shuffled["site"].to_numpy(dtype=np.str_))
    expected = matern(kernel, apart(shuffled[["e", "n"]].to_numpy()), 0.6)
    np.testing.assert_allclose(factor.covariance({"range": 0.6}), expected, atol=1e-11)
    assert found.bind(data, "site").identity() == found.bind(shuffled, "site").identity()


@pytest.mark.parametrize("kernel", KERNELS)
def test_nearest_with_all_earlier_places_is_exact(kernel: str) -> None:
    data = table(np.random.default_rng(2), 16)
    labels = data["site"].to_numpy(dtype=np.str_)
    found = coordinates("e", "n", kernel, "nearest").bind(data, "site").prepare(labels)
    expected = matern(kernel, apart(data[["e", "n"]].to_numpy()), 0.5)
    np.testing.assert_allclose(found.covariance({"range": 0.5}), expected, atol=1e-8)


def test_nearest_comes_close_to_the_exact_field() -> None:
    """Kullback-Leibler divergence per place from the exact field, by dense algebra."""
    data = table(np.random.default_rng(3), 400)
    labels = data["site"].to_numpy(dtype=np.str_)
    near = coordinates("e", "n", "exponential", "nearest").bind(data, "site").prepare(labels)
    K = near.covariance({"range": 0.8})
    exact = matern("exponential", apart(data[["e", "n"]].to_numpy()), 0.8)
    ratio = np.linalg.solve(K, exact)
    divergence = (np.trace(ratio) - len(K) - np.linalg.slogdet(ratio)[1]) / 2
    assert 0 < divergence / len(K) < 2e-3
    assert len(near.nodes) == 400


def test_neighbours_are_the_nearest_of_the_places_before() -> None:
    rng = np.random.default_rng(4)
    places = rng.random((300, 2))
    found = earlier_neighbours(places, 6)
    for i in range(300):
        gaps = np.linalg.norm(places[:i] - places[i], axis=1)
        expected = set(np.argsort(gaps)[:6].tolist())
        assert set(found[i][found[i] >= 0].tolist()) == expected


@pytest.mark.parametrize("kernel", KERNELS[1:])
def test_waves_come_close_to_the_exact_field(kernel: str) -> None:
    data = table(np.random.default_rng(5), 60)
    labels = data["site"].to_numpy(dtype=np.str_)
    found = coordinates("e", "n", kernel, "hsgp").bind(data, "site").prepare(labels)
    exact = matern(kernel, apart(data[["e", "n"]].to_numpy()), 0.8)
    assert abs(found.covariance({"range": 0.8}) - exact).max() < 0.02


@pytest.mark.parametrize("kernel", KERNELS)
def test_spectral_density_is_the_hankel_transform_of_the_kernel(kernel: str) -> None:
    from scipy.integrate import quad

    for frequency in (0.3, 2.0):

        def inside(d: float, frequency: float = frequency) -> float:
            C = (matern(kernel, np.array([[0.0, d], [d, 0.0]]), 0.7))[0, 1]
            return 2 * np.pi * d * C / (1 - NUGGET[kernel]) * special.j0(frequency * d)

        expected = quad(inside, 0, 30, limit=400)[0]
        found = density(kernel, np.array([frequency]), 0.7, NUMPY)[0]
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("method", ["exact", "nearest", "hsgp"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_graph_and_arrays_agree_with_gradient(method: str, kernel: str) -> None:
    import pytensor
    import pytensor.tensor as pt

    if method == "hsgp" and kernel == "exponential":
        return
    rng = np.random.default_rng(6)
    data = table(rng, 20)
    labels = data["site"].to_numpy(dtype=np.str_)
    factor = coordinates("e", "n", kernel, method).bind(data, "site").prepare(labels)
    z = rng.standard_normal((len(factor.nodes), 2))
    weights = rng.standard_normal((20, 2))
    latent, reach = pt.dmatrix("z"), pt.dscalar("range")
    total = (factor.effect(latent, {"range": reach}, pytensor_maths()) * weights).sum()
    run = pytensor.function(
        [latent, reach], [total, *pytensor.grad(total, [latent, reach])], mode="FAST_COMPILE"
    )

    def value(z, reach):
        return (factor.effect(z, {"range": reach}, NUMPY) * weights).sum()

    at, slopes, slope = run(z, 0.4)
    np.testing.assert_allclose(at, value(z, 0.4), rtol=1e-9)
    step = np.zeros_like(z)
    step[3, 1] = 1e-5
    numeric = (value(z + step, 0.4) - value(z - step, 0.4)) / 2e-5
    np.testing.assert_allclose(slopes[3, 1], numeric, rtol=1e-5, atol=1e-8)
    numeric = (value(z, 0.4 + 1e-5) - value(z, 0.4 - 1e-5)) / 2e-5
    np.testing.assert_allclose(slope, numeric, rtol=1e-4, atol=1e-5)


def test_compiled_weights_are_those_of_the_dense_solve() -> None:
    import pytensor
    import pytensor.tensor as pt

    from bayes_glmm.maths.nearest_ops import symbolic

    data = table(np.random.default_rng(7), 90)
    labels = data["site"].to_numpy(dtype=np.str_)
    points = data[["e", "n"]].to_numpy()
    factor = nearest_factor(labels, points, "matern32", "plane", None)
    reach = pt.dscalar("range")
    run = pytensor.function([reach], symbolic("matern32", factor.between, factor.towards, reach))
    for found, expected in zip(
        run(0.9), conditionals("matern32", factor.between, factor.towards, 0.9), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize(("method", "tolerance"), [("exact", 1e-11), ("nearest", 1e-8)])
def test_new_places_keep_what_was_sampled(method: str, tolerance: float) -> None:
    rng = np.random.default_rng(8)
    data = table(rng, 15)
    data.loc[14, ["e", "n"]] = data.loc[3, ["e", "n"]]  # a new level at an old place
    old, new = data.iloc[:10], data.iloc[10:]
    labels = data["site"].to_numpy(dtype=np.str_)
    found = coordinates("e", "n", "matern32", method).bind(old, "site")
    before = found.prepare(labels[:10])
    after = found.extend(labels[10:], new, "site").prepare(labels, before.nodes)
    assert after.nodes[:10].tolist() == before.nodes.tolist()
    z = rng.standard_normal((len(after.nodes), 1))
    hyper = {"range": 0.7}
    known = before.effect(z[:10], hyper, NUMPY)
    effects = after.effect(z, hyper, NUMPY)
    np.testing.assert_allclose(effects[:10], known, atol=tolerance)
    assert effects[14] == effects[3]
    expected = matern("matern32", apart(data[["e", "n"]].to_numpy()), 0.7)
    expected[3, 14] = expected[14, 3] = 1.0
    np.testing.assert_allclose(after.covariance(hyper), expected, atol=tolerance)


def test_distances_on_the_earth_are_those_of_the_haversine() -> None:
    data = pd.DataFrame(
        {"city": ["Paris", "Rome", "Lagos"], "lon": [2.3522, 12.4964, 3.3792],
         "lat": [48.8566, 41.9028, 6.5244]}
    )  # fmt: skip
    lon, lat = np.deg2rad(data["lon"].to_numpy()), np.deg2rad(data["lat"].to_numpy())
    h = (
        np.sin((lat[:, None] - lat) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    )
    far = 2 * 6371.0088 * np.arcsin(np.sqrt(h))
    labels = data["city"].to_numpy(dtype=np.str_)
    for method in ("exact", "nearest"):
        found = coordinates("lon", "lat", "exponential", method, distance="great_circle")
        K = found.bind(data, "city").prepare(labels).covariance({"range": 2000.0})
        np.testing.assert_allclose(K, np.exp(-far / 2000), atol=1e-9)
    chord = coordinates("lon", "lat", "matern32", "exact", distance="chord").bind(data, "city")
    K = chord.prepare(labels).covariance({"range": 2000.0})
    straight = 2 * 6371.0088 * np.sqrt(h)
    np.testing.assert_allclose(K, matern("matern32", straight, 2000.0), atol=1e-9)
    assert chord.hyper[0].meaning.endswith("km")


def test_quadratic_form_of_a_simulated_field_is_chi_squared() -> None:
    """Fields made of random waves with Student-t frequencies, which is Matern's law."""
    from scipy import stats

    rng = np.random.default_rng(9)
    data = table(rng, 12)
    points, reach, nu = data[["e", "n"]].to_numpy(), 0.9, 1.5
    labels = data["site"].to_numpy(dtype=np.str_)
    found = coordinates("e", "n", "matern32", "exact").bind(data, "site").prepare(labels)
    K, forms = found.covariance({"range": reach}), []
    for _ in range(400):
        mixing = rng.chisquare(2 * nu, size=4000) / (2 * nu)
        waves = rng.standard_normal((4000, 2)) / (reach * np.sqrt(mixing)[:, None])
        phase = rng.uniform(0, 2 * np.pi, 4000)
        u = np.sqrt(2 / 4000) * np.cos(points @ waves.T + phase).sum(axis=1)
        forms.append(u @ np.linalg.solve(K, u))
    assert stats.kstest(forms, stats.chi2(12).cdf).pvalue > 0.01


def test_auto_and_the_prior_follow_the_data() -> None:
    rng = np.random.default_rng(10)
    few, many = table(rng, 100), table(rng, 101)
    choose = coordinates("e", "n")
    assert choose.bind(few, "site").method == "exact"
    assert choose.bind(many, "site").method == "nearest"
    bound = choose.bind(many, "site")
    points = many[["e", "n"]].to_numpy()
    gaps = apart(points) + np.diag(np.full(101, np.inf))
    low, high = bound.hyper[0].prior.frozen.ppf([0.0228, 0.9772])
    np.testing.assert_allclose(low, np.median(gaps.min(axis=1)), rtol=0.01)
    np.testing.assert_allclose(high, np.hypot(*np.ptp(points, axis=0)), rtol=0.01)
    metres = many.assign(e=many["e"] * 1000, n=many["n"] * 1000)
    scaled = choose.bind(metres, "site").hyper[0].prior
    np.testing.assert_allclose(scaled["mu"] - bound.hyper[0].prior["mu"], np.log(1000))


def test_stored_arrays_bring_the_structure_back() -> None:
    data = table(np.random.default_rng(11), 30)
    for method in ("exact", "hsgp"):
        found = coordinates("e", "n", "matern52", method).bind(data, "site")
        again = read_structure("coordinates", found.to_arrays())
        assert again.identity() == found.identity()
        hyper = {"range": 0.9}
        one, two = (s.prepare(found.labels[:7]).covariance(hyper) for s in (found, again))
        np.testing.assert_array_equal(one, two)


def test_what_cannot_be_related_is_refused_with_the_reason() -> None:
    data = table(np.random.default_rng(12), 8)
    twice = pd.concat([data, data.iloc[[2]].assign(e=9.0)])
    for change, says in (
        (twice, "different places: 's0002'"),
        (data.drop(columns="n"), "lack n"),
        (data.assign(e=np.nan), "missing or infinite"),
        (data.assign(e="x"), "must hold numbers"),
        (data.assign(e=1.0, n=2.0), "one place"),
    ):
        with pytest.raises(BayesGLMMError, match=says):
            coordinates("e", "n").bind(change, "site")
    for options, says in (
        ({"kernel": "matern"}, "matern32"),
        ({"method": "hspg"}, "hsgp"),
        ({"distance": "great_circle"}, "no covariance"),
        ({"method": "hsgp", "kernel": "exponential"}, "smoother"),
        ({"method": "hsgp", "distance": "chord"}, "plane"),
    ):
        with pytest.raises(BayesGLMMError, match=says):
            coordinates("e", "n", **options)
    with pytest.raises(TypeError, match="names of two columns"):
        coordinates(data["e"], data["n"])
    with pytest.raises(BayesGLMMError, match="no degree"):
        coordinates("e", "n", distance="chord").bind(data.assign(n=400.0), "site")
    waves = coordinates("e", "n", method="hsgp").bind(data, "site")
    far = pd.DataFrame({"site": ["far"], "e": [40.0], "n": [1.0]})
    with pytest.raises(BayesGLMMError, match="outside the map"):
        waves.extend(np.array(["far"]), far, "site").prepare(np.array(["far"]))


def test_twenty_thousand_places_are_prepared_in_seconds() -> None:
    import time

    data = table(np.random.default_rng(13), 20_000)
    began = time.process_time()
    found = coordinates("e", "n").bind(data, "site")
    factor = found.prepare(data["site"].to_numpy(dtype=np.str_))
    assert time.process_time() - began < 15
    assert factor.between.nbytes + factor.towards.nbytes < 50e6


@pytest.mark.parametrize("method", ["exact", "nearest", "hsgp"])
def test_mean_variance_is_that_of_the_covariance(method: str) -> None:
    data = table(np.random.default_rng(14), 40)
    data.loc[7, ["e", "n"]] = data.loc[3, ["e", "n"]]
    bound = coordinates("e", "n", "matern52", method).bind(data, "site")
    factor = bound.prepare(data["site"].to_numpy(dtype=np.str_)[5:])
    K = factor.covariance({"range": 0.5})
    found = factor.mean_variance({"range": 0.5})
    np.testing.assert_allclose(found, (np.diag(K).mean(), K.mean()), rtol=1e-3)
    np.testing.assert_allclose(found[1], K.mean(), rtol=1e-9)
