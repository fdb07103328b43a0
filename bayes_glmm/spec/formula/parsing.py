"""Formulas to specs and back; the text is read by a closed grammar, never evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bayes_glmm.errors import ArgumentTypeError, FormulaError, SpecError
from bayes_glmm.spec.formula.grammar import read_formula
from bayes_glmm.spec.formula.writing import name_text, predictor_text, response_text
from bayes_glmm.spec.model import ModelSpec, Predictor, Response

if TYPE_CHECKING:
    from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.sources import Source


def parse(
    formula: str | Mapping[str, str],
    *,
    family: str = "gaussian",
    link: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    priors: Mapping[str, Prior] | None = None,
    missing: str = "error",
    success: str | None = None,
    structures: Mapping[str, Source] | None = None,
) -> ModelSpec:
    """Read a formula into a model.

    Parameters
    ----------
    formula : str or mapping of str to str
        ``"y ~ x + (1 + x | group)"``, or one formula per parameter of the family:
        ``{"mu": "y ~ x", "dispersion": "~ z"}``. A column in ``mi()`` has one of its
        own, ``{"mu": "y ~ mi(bmi)", "bmi": "bmi ~ age"}``.
    family : str or Family, default "gaussian"
        Name of a family, or one of your own.
    link, exposure, offset, priors, missing, success, structures
        As in :class:`ModelSpec`.

    Returns
    -------
    ModelSpec
        The model, without data.

    Raises
    ------
    FormulaError
        The text is outside the grammar; the message shows the place.

    Notes
    -----
    Beside columns, functions of them and ``(terms | group)``, a formula may hold

    - ``(1 | mm(g1, g2, weights=c(w1, w2)))``: a row belongs to several levels and has the
      weighted sum of their effects. The weights of a row are divided by their sum, unless
      ``scale=False``; without ``weights`` they are equal. A membership that is absent has
      weight 0, and its level may be missing.
    - ``(1 | gr(g, by=x))``: standard deviations and correlations of their own for each level
      of ``x``, which is one value in all rows of a level of ``g``.
    - ``(1 | gr(g, dist="student"))``: effects with Student's t, of which ``sd_g`` is the
      scale and ``nu_g`` the degrees of freedom; all terms of a level share its tail.
    - ``ar(time, g)``: a value of its own for every time in each level of ``g``, stationary
      and normal, whose correlation falls as ``rho_ar_g ** |t - s|`` with the distance of
      times at any spacing; ``ar(time)`` is one series of all rows. It is latent and part of the
      predictor, so that it lasts beside a residual of its own (``sigma``, Poisson) and in every
      family. An autoregressive or moving-average residual is instead made of what the rows
      before it left over, which only an unbounded response has. Other times are predicted given
      those around them, with ``groups="new"``.
    - ``s(x)``: a natural cubic spline with ``k=10`` knots at quantiles of ``x``, whose curvature
      is penalised: a slope ``s(x)[linear]`` and normal coefficients with the scale ``sd_s_x``,
      the root mean square of the curve's distance from its line over the rows. ``by=g`` makes a
      curve for each level of a factor (add ``g`` itself), or with a number a coefficient that
      varies. Beyond the rows a curve goes on in a straight line, and predictions say so.
    - ``t2(x, z)``: a surface with a penalty for each column and one for both together [1]_.
    - ``hsgp(x)``, ``hsgp(x, z)``: a Gaussian process as a sum of ``k`` waves for each column in
      a box ``c`` times the extent [2]_, with ``kernel`` ``"matern32"``, ``"matern52"`` or
      ``"gaussian"``; ``range_hsgp_x`` is in the unit of ``x``.

    Smooth terms are part of predictions for typical groups and for the population.

    References
    ----------
    .. [1] Wood, Scheipl & Faraway (2013). Straightforward intermediate rank tensor product
       smoothing in mixed models. *Statistics and Computing* 23, 341-360.
       doi:10.1007/s11222-012-9314-z
    .. [2] Riutort-Mayol et al. (2023). Practical Hilbert space approximate Bayesian Gaussian
       processes for probabilistic programming. *Statistics and Computing* 33, 17.
       doi:10.1007/s11222-022-10167-2

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> spec = bg.parse("Reaction ~ Days + (1 + Days | Subject)")
    >>> spec.formula
    'Reaction ~ Days + (1 + Days | Subject)'
    """
    response, predictors, covariates = _read(formula)
    return ModelSpec(
        response,
        predictors,
        family,
        link,
        exposure,
        offset,
        () if priors is None else priors,  # type: ignore[arg-type]
        missing,
        success,
        () if structures is None else structures,  # type: ignore[arg-type]
        covariates,
    )


def write_formula(spec: ModelSpec) -> str | dict[str, str]:
    """Write a model's formula; a mapping when several parameters have one.

    Raises
    ------
    SpecError
        The model is outside the grammar or its limits, so that its text would not
        be read as the same model.

    Examples
    --------
    >>> write_formula(parse("y ~ b*a - 1 + (1 | school/class)"))
    'y ~ 0 + b + a + b:a + (1 | school) + (1 | school:class)'
    """
    texts = {name: predictor_text(p) for name, p in spec.predictors}
    mu = f"{response_text(spec.response)} ~ {texts.pop('mu')}"
    formula = {"mu": mu, **{name: f"~ {text}" for name, text in texts.items()}}
    own = {name: f"{name_text(name)} ~ {predictor_text(p)}" for name, p in spec.covariates}
    formula |= own
    try:
        same = _read(formula) == (spec.response, spec.predictors, spec.covariates)
    except FormulaError as error:
        raise SpecError(
            f"This model cannot be written as a formula, as a fit keeps it: {mu[:60]}... {error} "
            "Leave terms out, or make columns of some in the table."
        ) from error
    if not same:
        raise SpecError(f"This model cannot be written as a formula: {mu} is another model.")
    return formula if texts or own else mu


type _Predictors = tuple[tuple[str, Predictor], ...]


def _read(
    formula: str | Mapping[str, str],
) -> tuple[Response, _Predictors, _Predictors]:
    if isinstance(formula, str):
        formula = {"mu": formula}
    if not isinstance(formula, Mapping) or "mu" not in formula:
        raise FormulaError("A model is one formula, or a mapping of formulas with one for 'mu'.")
    for parameter, text in formula.items():
        if not isinstance(text, str) or not isinstance(parameter, str):
            raise ArgumentTypeError(f"The formula of {parameter!r} is text, not {text!r}.")
    response, mu = read_formula(formula["mu"], response=True)
    assert response is not None
    covariates = {
        name: read_formula(text, response=True, column=name)[1]
        for name, text in formula.items()
        if name != "mu" and not text.lstrip().startswith("~")
    }
    others = {
        name: read_formula(text, response=False)[1]
        for name, text in formula.items()
        if name != "mu" and name not in covariates
    }
    return response, (("mu", mu), *others.items()), tuple(covariates.items())
