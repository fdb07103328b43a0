"""From a formula to a spec; the text is read by a closed grammar, never evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bayes_glmm.spec.formula.formula_io import read_formulas
from bayes_glmm.spec.model import ModelSpec

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
    - ``rw(time, g, order=1)``: a random walk in each level of ``g``, whose steps are independent;
      with ``order=2`` its slope walks, and the curve is smooth. Times may be at any spacing. The
      values of a level have no mean of their own, nor a trend with ``order=2``: add ``(1 | g)``,
      ``time`` or ``(1 + time | g)``. ``sd_rw_g`` is their typical size. Other times are predicted
      with ``groups="new"``, before and after the rows more and more widely.
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
    response, predictors, covariates = read_formulas(formula)
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
