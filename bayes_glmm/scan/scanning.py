"""The scan: a null model and markers in, one row for each marker out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, suggestion
from bayes_glmm.fitting.options import MarkerOptions, takes
from bayes_glmm.literals import Precision, allowed
from bayes_glmm.results.fit import Fit, read_fit
from bayes_glmm.scan.exact import exact_parts
from bayes_glmm.scan.markers import Markers, read_markers
from bayes_glmm.scan.parts import Part
from bayes_glmm.scan.refits import with_refits
from bayes_glmm.scan.score import screen_parts
from bayes_glmm.spec.priors import Prior
from bayes_glmm.structures.level_labels import match

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
CELLS = 2**22
"""Genotypes in a block."""
EXACT = "Wald test by restricted maximum likelihood of every marker; Bayes factor over draws"
SCREEN = "score test with saddle-point tails: approximate, a screen"
EFFECT = 0.2
"""Prior sd of an effect, in sds of the response."""


@takes(MarkerOptions, seed=None, progress=False)
def scan(
    tree: xr.DataTree,
    genotypes: pd.DataFrame | str | Path,
    covariates: pd.DataFrame | None = None,
    loco: bool = False,
    *,
    ids: str | None = None,
    markers: pd.DataFrame | None = None,
    prior_sd: float | None = None,
    draws: int = 64,
    precision: Precision = "single",
    refit: int = 0,
    **options: Unpack[MarkerOptions],
) -> pd.DataFrame:
    r"""Test every marker for association, given relationships between individuals.

    Each marker is tested by itself, beside the null model's covariates and the effects of
    related levels. For a Gaussian null model there is the Wald test at the restricted maximum
    of the likelihood that this marker has, as GEMMA's ``-lmm 1`` [1]_, and a Bayes factor:
    the mean over posterior draws of both standard deviations of the factor given them,
    which is exact up to the Monte Carlo error that stands beside it.

    For Bernoulli, binomial and Poisson null models with the canonical link there is a screen,
    which is approximate: score tests with saddle-point tails [3]_ [4]_, and the effect of one
    step. ``refit`` samples what it finds.

    Parameters
    ----------
    tree : xarray.DataTree
        A fit of ``"y ~ x + (1 | gr(id, K))"`` by :func:`bayes_glmm.fit`.
    genotypes : pandas.DataFrame, str or path
        One row for each individual and one column for each marker, holding counts or dosages
        from 0 to 2 or missing values; the prefix of PLINK's ``.bed``, ``.bim`` and ``.fam``
        files, or its ``.raw`` file; or a store in the layout of VCF Zarr. Individuals are
        matched by label; further ones are left out.
    covariates : pandas.DataFrame, optional
        Further columns of numbers, one row for each id (the index): coefficients of their own
        in every test.
    loco : bool, default False
        Leave the chromosome of a marker out of the relationships, which must be those of
        these genotypes.
    ids : str, optional
        Column of the table that holds the ids; ``IID`` or its index when not given.
    markers : pandas.DataFrame, optional
        ``chromosome``, ``position``, ``counted`` and ``other`` of markers, by the index or the
        column ``marker``.
    prior_sd : float, optional
        Prior sd of an effect in units of the response per allele; a fifth of the response's sd
        when not given.
    draws : int, default 64
        Posterior draws that Bayes factors are averaged over.
    precision : {"single", "double"}
        Of the numbers that markers are turned in: single is twice as fast, and moves p by less
        than a thousandth.
    refit : int, default 0
        Fit the whole model again by NUTS for this many markers, those of the smallest p, with
        the marker among the covariates; its prior is ``prior_sd``'s where that is given.
    engine, tune, target_accept, chains, cores
        Of the fits of ``refit``, as in :func:`bayes_glmm.fit`.
    refit_draws : int, default 500
        Kept draws of each chain of these.
    seed : int, optional
        Of these; that of the null model when not given.
    progress : bool, default False
        Show a bar in a terminal or a notebook, for each of these.

    Returns
    -------
    pandas.DataFrame
        One row for each marker, in the order of the source: what is known of its place,
        ``frequency`` of the counted allele, ``missing`` calls, ``effect`` and ``se`` (units of
        the response per allele), ``ratio`` (``sd**2 / sigma**2`` at the maximum), ``p`` and
        ``log10_p`` (minus the logarithm), ``log10_bf`` and its Monte Carlo error,
        ``effect_mean`` and ``effect_sd`` (posterior, given an effect), and ``note``: why a
        marker was not tested. A screen has ``p_normal``, without the saddle point, and none of
        the Bayes factors, and effects on the link scale. ``refit`` adds ``refit_mean``,
        ``refit_sd`` and ``refit_converged``. ``attrs`` has ``genomic_inflation``, ``method``
        and what was used.

    Raises
    ------
    ResultError
        The null model is of another kind.
    UnknownLevelError
        Individuals without genotypes.
    ArgumentError, ArgumentTypeError, MissingDependencyError
        Genotypes, covariates or relationships that do not fit; the message says which.

    Notes
    -----
    Time is that of one eigendecomposition and of ``n_rows**2`` operations for each marker;
    memory does not depend on the number of markers, but for the table itself.

    References
    ----------
    .. [1] Zhou & Stephens (2012). Genome-wide efficient mixed-model analysis for association
       studies. *Nature Genetics* 44, 821-824. doi:10.1038/ng.2310
    .. [2] Wakefield (2009). Bayes factors for genome-wide association studies: comparison
       with p-values. *Genetic Epidemiology* 33, 79-86. doi:10.1002/gepi.20359
    .. [3] Dey, Schmidt, Abecasis & Lee (2017). A fast and accurate algorithm to test for binary
       phenotypes and its application to PheWAS. *AJHG* 101, 37-49.
       doi:10.1016/j.ajhg.2017.05.014
    .. [4] Zhou et al. (2018). Efficiently controlling for case-control imbalance and sample
       relatedness in large-scale genetic association studies. *Nature Genetics* 50, 1335-1341.
       doi:10.1038/s41588-018-0184-y

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> import numpy as np
    >>> import pandas as pd
    >>> lambs, rng = bg.dataset("flock").head(60), np.random.default_rng(1)
    >>> counts = rng.binomial(2, 0.4, (len(lambs), 40))
    >>> genotypes = pd.DataFrame(counts, lambs["lamb"].to_numpy(), [f"snp{i}" for i in range(40)])
    >>> null = bg.fit(
    ...     "fleece ~ sex + (1 | gr(lamb, G))", lambs, structures={"G": bg.genomic(genotypes, jitter=0.01)},
    ...     draws=2000, target_accept=0.95,
    ... )  # doctest: +SKIP
    >>> tests = bg.scan(null, genotypes)  # doctest: +SKIP
    >>> len(tests), {"p", "log10_bf"} <= set(tests.columns)  # doctest: +SKIP
    """
    fit = read_fit(tree)
    if precision not in allowed(Precision):
        raise ArgumentError(
            f"precision={precision!r}." + suggestion(precision, ["single", "double"])
        )
    if isinstance(refit, bool) or not isinstance(refit, int) or refit < 0:
        raise ArgumentError(f"refit={refit!r}: a whole number of markers is needed.")
    if options and not refit:
        raise ArgumentError(f"{', '.join(options)}: options of sampling go with refit=.")
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 2:
        raise ArgumentError(f"draws={draws!r}: a whole number from 2 is needed.")
    source = read_markers(genotypes, ids, markers)
    width = (
        EFFECT * float(np.std(np.asarray(fit.design.response))) if prior_sd is None else prior_sd
    )
    if not 0 < width < np.inf:
        raise ArgumentError(f"prior_sd={prior_sd!r}: a positive number is needed.")
    kind = np.float32 if precision == "single" else np.float64
    if not fit.family.lack("score_test"):
        parts = screen_parts(fit, source, covariates, loco, kind)
        used: dict[str, Any] = {"method": SCREEN, "loco": loco}
    else:
        parts = exact_parts(fit, source, covariates, loco, float(width), draws, kind)
        used = {"method": EXACT, "prior_sd": float(width), "draws": draws, "loco": loco}
    table = _table(fit, source, parts, used)
    if not refit:
        return table
    prior = Prior("Normal", mu=0, sigma=prior_sd) if prior_sd else None
    return with_refits(fit, table, source, refit, prior, options)


def _table(
    fit: Fit, source: Markers, parts: Iterator[Part], used: Mapping[str, Any]
) -> pd.DataFrame:
    """Test block by block, and set the results beside the markers."""
    n = len(source.table)
    columns: dict[str, NDArray[Any]] = {}
    digest = hashlib.sha256("\0".join(source.labels).encode())
    digest.update(pd.util.hash_pandas_object(source.table["marker"], index=False).to_numpy())
    notes: list[str] = []
    for part in parts:
        at = match(part.levels, source.labels, "The null model", "the source of genotypes")
        width = max(1, CELLS // max(len(part.levels), len(source.labels)))
        notes += [note for note in part.notes if note not in notes]
        for start, stop in source.blocks(width, part.chromosome):
            calls = np.ascontiguousarray(source.read(start, stop))
            digest.update(calls.tobytes())
            for name, values in part.test(calls, at).items():
                missing = (
                    np.full(n, np.nan) if values.dtype.kind == "f" else np.zeros(n, values.dtype)
                )
                columns.setdefault(name, missing)[start:stop] = values
    reasons = columns.pop("reason")
    table = source.table.assign(**columns)
    table["note"] = pd.Categorical.from_codes(reasons, list(part.reasons))
    table.attrs = _attrs(fit, table, source, digest.hexdigest(), used) | {"notes": notes}
    return table


def _attrs(
    fit: Fit, table: pd.DataFrame, source: Markers, digest: str, used: Mapping[str, Any]
) -> dict[str, Any]:
    untested = table["note"][table["note"] != ""].value_counts()
    return {
        "estimand": "effect of one more counted allele, given covariates and relationships",
        "scale": fit.link.scale,
        "genomic_inflation": genomic_inflation(table["p"].to_numpy()),
        "n_markers": len(table),
        "n_tested": int(table["p"].notna().sum()),
        "not_tested": {str(k): int(v) for k, v in untested.items() if v},
        "further_individuals": int(len(source.labels) - len(fit.groups[0].levels)),
        "formula": fit.spec.formula,
        "data_hash": fit.info.get("data_hash", ""),
        "structures": fit.info.get("structures", {}),
        "genotype_hash": digest,
        **used,
        **({"banner": fit.banner} if fit.banner else {}),
    }


def genomic_inflation(p: Array) -> float:
    """Return the median of chi-squared statistics, divided by what it is without effects."""
    from scipy.special import ndtri

    given = p[np.isfinite(p)]
    if not len(given):
        return float("nan")
    return float(np.median(ndtri(given / 2) ** 2) / ndtri(0.25) ** 2)
