"""Where the variance of a response comes from: shares, repeatability and R²."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import answer
from bayes_glmm.answers.predict.expected import distinct, take
from bayes_glmm.answers.predict.predictor_draws import (
    factors,
    fixed_part,
    flat,
    n_draws,
    parameters,
    random_variance,
)
from bayes_glmm.answers.predict.represented import (
    alone,
    amounts,
    averaged_over,
    collapsed_column,
    column_means,
)
from bayes_glmm.answers.predict.student_effects import mixtures, students
from bayes_glmm.answers.require import able, require
from bayes_glmm.answers.variance.hermite_variance import Rule, moments
from bayes_glmm.design.groups.group_schema import ROWS
from bayes_glmm.errors import ArgumentError, suggestion
from bayes_glmm.literals import VarianceScale
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
SCALES = ("latent", "data")
CELLS, MOST = 4_000_000, 20_000_000
FEWEST = 1_000


@dataclass(frozen=True, eq=False)
class Component:
    """One source of variance: its name, its kind, and its variance in every draw."""

    name: str
    kind: str
    variance: Array


@overload
def variance_partition(
    tree: xr.DataTree, scale: VarianceScale = "latent", *, draws: Literal[False] = False,
) -> pd.DataFrame: ...  # fmt: skip
@overload
def variance_partition(
    tree: xr.DataTree, scale: VarianceScale = "latent", *, draws: Literal[True],
) -> xr.Dataset: ...  # fmt: skip
@overload
def variance_partition(
    tree: xr.DataTree, scale: VarianceScale = "latent", *, draws: bool,
) -> pd.DataFrame | xr.Dataset: ...  # fmt: skip
def variance_partition(
    tree: xr.DataTree, scale: VarianceScale = "latent", *, draws: bool = False
) -> pd.DataFrame | xr.Dataset:
    r"""Split the variance of the response among its sources, in every draw.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    scale : {"latent", "data"}
        ``"latent"`` is the scale of the link: fixed effects, random effects and the
        distribution's own variance as Nakagawa et al. state it. ``"data"`` is that of
        the response, by integration over the random effects; one trial where there
        are trials.
    draws : bool, default False
        Return the draws.

    Returns
    -------
    pandas.DataFrame
        One row per ``component``; ``kind`` says what it is:

        - ``fixed``: variance over the rows, each counting as many as it stands for, of what
          coefficients and smooth terms predict;
        - ``random``: one group; with varying slopes the mean of :math:`z'\Sigma z` over
          the rows;
        - ``over-dispersion``: the observation-level random effect, ``(1 | observation)``;
        - ``interaction`` (data scale): what groups make together and none alone;
        - ``residual``: the distribution's own variance;
        - ``icc``: intraclass correlation (repeatability) of a group, its share of all
          variance but that of the fixed effects;
        - ``r2``: ``r2_marginal`` (fixed effects) and ``r2_conditional`` (fixed and
          random effects, over-dispersion not among them).

        ``variance`` is the posterior mean of the variance, missing for ``icc`` and
        ``r2``; ``mean``, ``sd`` and the interval are those of the share. With
        ``draws=True`` an xarray.Dataset with ``share`` and ``variance`` over
        (chain, draw, row).

    Raises
    ------
    ArgumentError
        An unknown scale, a link without a mean over the population of groups, angles, or the
        data scale of collapsed rows with an exposure.

    Notes
    -----
    A structured component is ``sd**2`` times ``mean(diag K) - mean(K)`` over the levels
    with data: what they differ by. Parameters with a formula of their own count at
    effects of zero.

    On the latent scale a known offset or exposure is no component; the mean that the
    distribution's variance depends on is that of all rows, averaged over the
    population of groups. On the data scale an exposure that differs between rows is
    part of ``fixed``, and the components add up to the variance of the response; of many
    different rows a random sample is integrated over (``attrs["rows"]``), and
    ``attrs["error"]`` bounds what the integration leaves out of the groups' shares.
    The latent shares of families with a probability describe the latent variable of
    one trial, whose variance the link fixes; they are no shares of the variance of 0
    and 1.

    References
    ----------
    .. [1] Nakagawa, Johnson & Schielzeth (2017). The coefficient of determination R² and
       intra-class correlation coefficient from generalized linear mixed-effects models
       revisited and expanded. *J. R. Soc. Interface* 14: 20170213.
       doi:10.1098/rsif.2017.0213
    .. [2] de Villemereuil, Schielzeth, Nakagawa & Morrissey (2016). General methods for
       evolutionary quantitative genetic inference from generalized mixed models.
       *Genetics* 204, 1281-1294. doi:10.1534/genetics.115.186536
    .. [3] Johnson (2014). Extension of Nakagawa & Schielzeth's R²GLMM to random slopes
       models. *Methods Ecol Evol* 5, 944-946. doi:10.1111/2041-210X.12225

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit("weight ~ age + (1 + age | rat)", bg.dataset("rats"))
    >>> table = bg.variance_partition(tree).set_index("component")
    >>> table.loc["icc[rat]", "kind"]
    'icc'
    """
    fit = read_fit(tree)
    if scale not in SCALES:
        raise ArgumentError(f"scale={scale!r} is unknown." + suggestion(str(scale), SCALES))
    for capability in ("one_predictor", "common_boundaries", "average", "mean"):
        require(fit, capability, "variance_partition()")
    if scale == "data":
        require(fit, "one_mean", "scale='data'")
    if scale == "data" and fit.spec.exposure and collapsed_column(fit) not in (
        None, fit.spec.exposure
    ):  # fmt: skip
        raise ArgumentError(
            f"How {fit.spec.exposure!r} differs between the rows of one collapsed row is not kept, and "
            "it is part of the variance of the response: use scale='latent', or fit the rows."
        )
    if scale == "data" or not able(fit.link, "heavy_mean"):
        require(fit, "normal_effects", f"scale={scale!r} with the {fit.link.name} link")
    require(fit.link, "population_mean", "variance_partition()")
    over = averaged_over(fit, fit.data)
    about: dict[str, Any] = {"estimand": f"shares of variance, over {over}",
                             "scale": _scale(fit, scale), "averaged_over": over}  # fmt: skip
    if scale == "latent":
        parts = list(_latent(fit))
        random = sum((p.variance for p in parts if p.kind == "random"), np.zeros(n_draws(fit)))
        joint = parts[0].variance + random
    else:
        parts, joint, more = _data(fit)
        about |= more
    return _table(fit, parts, joint, about, draws)


def _latent(fit: Fit) -> Iterator[Component]:
    """Yield the components on the link scale."""
    design = fit.design
    yield Component("fixed", "fixed", _fixed_variance(fit))
    for group in design.mu.groups:
        yield Component(group.name, _kind(group), group_variance(fit, group))
    yield Component("residual", "residual", _observation_variance(fit))


def _fixed_variance(fit: Fit) -> Array:
    """Return the variance over the rows of what the coefficients predict, shape (n_draws,)."""
    mu = fit.design.mu
    if mu.modelled:
        mean = square = np.zeros(n_draws(fit))
        for part, weights in _pieces(fit, CELLS):
            eta = fixed_part(fit, part.mu) - part.mu.offset
            mean, square = mean + eta @ weights, square + eta**2 @ weights
        return np.asarray(square - mean**2)
    columns = np.hstack([mu.X, *(s.basis for s in mu.smooths)])
    X = (columns - column_means(fit, columns)) * _shares(fit)[:, None] ** 0.5
    beta = flat(fit, mu.beta) if mu.coefficients else np.zeros((n_draws(fit), 0))
    beta = np.hstack([beta, *(flat(fit, s.effects) for s in mu.smooths)])
    return np.asarray(np.einsum("di,ij,dj->d", beta, X.T @ X, beta))


def _observation_variance(fit: Fit) -> Array:
    """Return the distribution's own variance on the link scale, shape (n_draws,).

    Where it depends on the mean, it is taken at the mean of all rows, averaged over the
    population of groups.
    """

    def at(mu: Array) -> Array:
        total = np.zeros(n_draws(fit))
        for part, weights in _pieces(fit, CELLS):
            parameter_draws = parameters(fit, part, fixed_part)
            of_rows = fit.family.observation_variance(mu[:, None], fit.link, parameter_draws)
            total += np.broadcast_to(of_rows, (len(total), part.n_rows)) @ weights
        return total

    one, other = (at(np.full(n_draws(fit), m)) for m in (0.3, 0.6))
    if np.array_equal(one, other):
        return one
    mu = np.zeros(n_draws(fit))
    for part, weights in _pieces(fit, CELLS):
        eta, plain = fixed_part(fit, part.mu), [(np.ones(()), random_variance(fit, part.mu))]
        for share, variance in mixtures(fit, part) if students(part.mu) else plain:
            mu += share * (fit.link.normal_mean(eta, variance) @ weights)
    return at(mu)


def group_variance(fit: Fit, group: GroupDesign) -> Array:
    """Return the variance of a group's effects, averaged over the rows, shape (n_draws,).

    Link scale: ``trace(Sigma mean(z z'))``, with a structure times how much its levels
    with data differ.
    """
    A, Z = factors(fit, group), group.spread * _shares(fit)[:, None] ** 0.5
    return np.asarray(np.einsum("dij,dkj,ik->d", A, A, Z.T @ Z)) * fit.level_spread(group.name)


def _shares(fit: Fit) -> Array:
    """Return each row's share of all that rows stand for, shape (n_rows,)."""
    each = amounts(fit, fit.data)
    return each / each.sum()


def _data(fit: Fit) -> tuple[list[Component], Array, dict[str, Any]]:
    """Return the components on the response scale, what groups explain, and how exactly."""
    groups, total = fit.design.mu.groups, n_draws(fit)
    kinds = [_kind(g) for g in groups]
    most = max(FEWEST, MOST // total)
    widest = max(
        float(random_variance(fit, part.mu).max()) for part, _ in _pieces(fit, CELLS, most)
    )
    rule = Rule.of(np.sqrt(widest), bounded=able(fit.link, "bounded_mean"))
    sums = {name: np.zeros(total) for name in ("mean", "square", "total", "noise")}
    each, joint = np.zeros((len(groups), total)), np.zeros(total)
    centre, error = None, 0.0
    for part, weights in _pieces(fit, CELLS // len(rule.nodes), most):
        split = _moments(fit, part, kinds, rule)
        centre = split.mean[:, :1] if centre is None else centre
        for name, values in (
            ("mean", split.mean - centre), ("square", (split.mean - centre) ** 2),
            ("total", split.total), ("noise", split.noise),
        ):  # fmt: skip
            sums[name] += values @ weights
        each += np.array([p @ weights for p in split.parts[:-1]]).reshape(each.shape)
        joint += split.parts[-1] @ weights
        error = max(error, split.rest)
    fixed = np.maximum(sums["square"] - sums["mean"] ** 2, 0.0)
    parts = [Component("fixed", "fixed", fixed)]
    parts += [Component(g.name, k, v) for g, k, v in zip(groups, kinds, each, strict=True)]
    if len(groups) > 1:
        together = np.maximum(sums["total"] - each.sum(axis=0), 0.0)
        parts.append(Component("interaction", "interaction", together))
    parts.append(Component("residual", "residual", sums["noise"]))
    rows = sum(part.n_rows for part, _ in _pieces(fit, CELLS))
    about = {"error": error, "rows": f"{min(rows, most)} of {rows} different ones"}
    return parts, fixed + joint, about


def _moments(fit: Fit, part: Design, kinds: list[str], rule: Rule) -> Any:
    parameter_draws = parameters(fit, part, fixed_part)
    shape = (n_draws(fit), part.n_rows)
    each = [np.broadcast_to(_row_variance(fit, part, group), shape) for group in part.mu.groups]
    explained = sum((v for v, k in zip(each, kinds, strict=True) if k == "random"), np.zeros(shape))

    def response(at: Array) -> tuple[Array, Array]:
        mu = np.asarray(fit.link.inverse(at))
        return np.asarray(fit.family.mean(mu, parameter_draws)), np.asarray(
            fit.family.variance(mu, parameter_draws)
        )

    return moments(
        response, fixed_part(fit, part.mu), random_variance(fit, part.mu), [*each, explained], rule
    )


def _row_variance(fit: Fit, part: Design, group: GroupDesign) -> Array:
    """Return the variance of one group's part of each row, shape (n_draws, n_rows or 1)."""
    root = factors(fit, group) * np.sqrt(fit.level_variance(group.name))[:, None, None]
    return np.asarray(sum(group.row_covariance(root, group)))


def _pieces(fit: Fit, cells: int, most: int | None = None) -> Iterator[tuple[Design, Array]]:
    """Yield blocks of rows with distinct predictors, and their shares of what rows stand for.

    Where there are more than ``most`` of them, a random sample of that size.
    """
    design = alone(fit, fit.design, fit.data)
    first, back = distinct(design)
    weights = np.bincount(back, _shares(fit))
    first, weights = first[weights > 0], weights[weights > 0]
    if most is not None and len(first) > most:
        chosen = np.sort(np.random.default_rng(0).choice(len(first), most, replace=False))
        first, weights = first[chosen], weights[chosen] / weights[chosen].sum()
    size = max(1, cells // n_draws(fit))
    for start in range(0, len(first), size):
        yield take(design, first[start : start + size]), weights[start : start + size]


def _kind(group: GroupDesign) -> str:
    return "over-dispersion" if group.name == ROWS else "random"


def _table(
    fit: Fit, parts: list[Component], joint: Array, about: dict[str, Any], draws: bool
) -> pd.DataFrame | xr.Dataset:
    """Return a table of shares, intraclass correlations and R²."""
    variances = np.array([p.variance for p in parts])
    total = variances.sum(axis=0)
    endless = ~np.isfinite(total)
    shares = [_share(p.variance, total, endless) for p in parts]
    labels = [(p.name, p.kind) for p in parts]
    without = total - variances[0]
    for part in parts:
        if part.kind == "random":
            labels.append((f"icc[{part.name}]", "icc"))
            shares.append(_share(part.variance, without, endless))
    labels += [("r2_marginal", "r2"), ("r2_conditional", "r2")]
    shares += [shares[0], _share(joint, total, endless)]
    values = np.full((len(shares), len(total)), np.nan)
    values[: len(parts)] = variances
    frame = pd.DataFrame(labels, columns=["component", "kind"])
    if draws:
        import xarray as xr

        tables = {
            name: answer(fit, v.T, frame, about, draws=True)
            for name, v in (("share", np.array(shares)), ("variance", values))
        }
        return xr.Dataset(tables, attrs=about)
    return answer(fit, np.array(shares).T, frame.assign(variance=values.mean(axis=1)), about)


def _share(part: Array, total: Array, endless: NDArray[np.bool_]) -> Array:
    """Return the share of a part; a finite part of an infinite total has the share zero."""
    limit = np.where(np.isfinite(part), 0.0, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(endless, limit, part / total)
    return np.where(total == 0, 0.0, share)


def _scale(fit: Fit, scale: str) -> str:
    return fit.family.data_words() if scale == "data" else f"link ({fit.link.name})"
