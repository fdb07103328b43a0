"""A model of the matrix as its draws and the textbook have it: what answers are held against."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from bayes_glmm.results.fit import Fit
from tests.matrix import laws
from tests.matrix.laws import FORMULAS, LAWS, LINKS, ORDERED, TRIALS, UNORDERED, Law, categories
from tests.matrix.relations import relation, stranger, walk, wave_numbers, waves
from tests.matrix.rows import LEVELS, PARTS
from tests.matrix.terms import Group, Side, Term

type Array = np.ndarray
NODES, STEPS = {2: 16, 3: 12}, np.linspace(-9, 9, 91)
QUANTILES = 400
TIMES = ("series", "walk1", "walk2")
"""Nodes of brute-force averages by the number of dimensions, and over Student's t."""


@dataclass(frozen=True, eq=False)
class World:
    """One model: its family, its terms, its rows and its draws.

    Attributes
    ----------
    tree : xarray.DataTree
        What answers are asked of; read here for draws by name and label alone.
    rows : pandas.DataFrame
        The training rows.
    parameter : str
        Whose formula is read.
    """

    tree: Any
    family: str
    term: Term
    rows: pd.DataFrame
    modifier: str = ""
    parameter: str = "mu"
    memory: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, make: Any) -> Any:
        """Return what was computed under a key, or compute it."""
        if key not in self.memory:
            self.memory[key] = make()
        return self.memory[key]

    @property
    def law(self) -> Law:
        return LAWS[self.family]

    @cached_property
    def fit(self) -> Fit:
        return Fit.of(self.tree)

    @cached_property
    def n_draws(self) -> int:
        sizes = self.tree["posterior"].sizes
        return sizes["chain"] * sizes["draw"]

    def has(self, name: str) -> bool:
        return self._name(name) in self.tree["posterior"].data_vars

    def draw(self, name: str) -> Array:
        """Return a variable of the parameter's formula, chains after one another."""
        values = self.tree["posterior"][self._name(name)].values
        return values.reshape(-1, *values.shape[2:])

    def labels(self, name: str, axis: int) -> list[str]:
        variable = self.tree["posterior"][self._name(name)]
        return [str(v) for v in variable[variable.dims[2 + axis]].values]

    def _name(self, name: str) -> str:
        if self.parameter == "mu" or name in self.tree["posterior"].data_vars and (
            name.startswith(("mi_", "sd_g", "u_g", "corr_g", "z_g")) and self._shared(name)
        ):  # fmt: skip
            return name
        stem, _, rest = name.partition("_")
        if stem in ("intercept", "beta", "simplex"):
            return f"{name}_{self.parameter}"
        if stem == "mi":
            return name
        return f"{stem}_{self.parameter}_{rest}" if rest else name

    def _shared(self, name: str) -> bool:
        return name.startswith("mi_") or any(g.shared for g in self.side.groups)

    @property
    def side(self) -> Side:
        if self.parameter in self.means or self.parameter == "mu":
            return self.term.mu
        assert self.term.own is not None
        return self.term.own

    @property
    def means(self) -> list[str]:
        """Names of the formulas of the mean."""
        return [f"mu_{c}" for c in PARTS[1:]] if self.family in UNORDERED else ["mu"]

    @property
    def stated(self) -> str:
        """The other parameter that has a formula, or empty text."""
        return next(iter(self.law.own), "") if self.term.own else ""

    @property
    def predictors(self) -> list[str]:
        return [*self.means, *([self.stated] if self.stated else [])]

    def of(self, parameter: str) -> World:
        return replace(self, parameter=parameter)

    def known_column(self, label: str) -> Array:
        design = self.fit.given.predictors[self.parameter]
        return design.X[:, list(design.coefficients).index(label)]

    def known_curve(self, name: str) -> Array:
        own = name if self.parameter == "mu" else f"{self.parameter}_{name}"
        smooths = self.fit.given.predictors[self.parameter].smooths
        return next(s.basis for s in smooths if s.name == own)

    # the predictor

    def fixed(self, rows: pd.DataFrame) -> Array:
        """Return what one formula says without effects, shape (n_draws, n_rows)."""
        eta = np.zeros((self.n_draws, len(rows)))
        if self.has("intercept"):
            eta += self.draw("intercept")[:, None]
        labels = self.labels("beta", 0) if self.side.columns else []
        assert sorted(labels) == sorted(self.side.columns)
        for label, column in self.side.columns.items():
            eta += self.draw("beta")[:, labels.index(label), None] * column(self, rows)
        for name, basis in self.side.curves.items():
            eta += self.draw(f"u_{name}") @ basis(self, rows).T
        return eta if self.side.offset is None else eta + self.side.offset(self, rows)

    def places(self, group: Group) -> list[int]:
        """Return where the effects of a formula are among those of a group."""
        known = self.labels(f"sd_{group.name}", 0)
        prefix = f"{self.parameter}_" if group.shared and self.parameter != "mu" else ""
        return [known.index(f"{prefix}{label}") for label in group.terms]

    def known(self, group: Group) -> dict[str, int]:
        return {v: i for i, v in enumerate(self.labels(f"u_{group.name}", 0))}

    def effects(self, rows: pd.DataFrame, strict: bool = True) -> Array:
        """Return what known levels add, shape (n_draws, n_rows)."""
        eta = np.zeros((self.n_draws, len(rows)))
        for group in self.side.groups:
            known, values = (
                self.known(group),
                self.draw(f"u_{group.name}")[:, :, self.places(group)],
            )
            for levels, weights in group.members(rows):
                index = np.array([known.get(v, -1) for v in levels])
                assert not strict or (index[weights > 0] >= 0).all(), "a level that is not known"
                for k, column in enumerate(group.terms.values()):
                    eta += (
                        values[:, index, k] * np.where(index < 0, 0, weights) * column(self, rows)
                    )
        return eta

    def eta(self, rows: pd.DataFrame, how: str) -> dict[str, Array]:
        """Return the predictor of every formula, of known levels or of effects of zero."""
        found = {}
        for name in self.predictors:
            at = self.of(name)
            found[name] = at.fixed(rows) + (at.effects(rows) if how == "known" else 0)
        return found

    # parameters and means

    def own(self, eta: Mapping[str, Array], rows: pd.DataFrame) -> dict[str, Array]:
        """Return the family's other parameters, shape (n_draws, n_rows or 1)."""
        posterior = self.tree["posterior"].data_vars
        found = {k: np.full((self.n_draws, 1), v) for k, v in (self.law.held or {}).items()}
        for name, link in self.law.own.items():
            if name in eta:
                found[name] = FORMULAS[link](eta[name])
            elif name == "sigma" and "se(" in self.modifier:
                found[name] = rows["error"].to_numpy()[None]
            elif name in posterior:
                found[name] = posterior[name].values.reshape(-1, 1)
        if "power" in posterior:
            found["power"] = posterior["power"].values.reshape(-1, 1)
        return found

    def thresholds(self, rows: pd.DataFrame) -> Array | None:
        """Return each row's boundaries, shape (n_draws, n_rows, 2)."""
        if self.family not in ORDERED:
            return None
        threshold, labels = self.draw("threshold"), self.labels("threshold", 0)
        found = np.empty((self.n_draws, len(rows), 2))
        for k, pair in enumerate(("low|mid", "mid|high")):
            names = [f"{v}: {pair}" if self.term.modifier else pair for v in rows["item"]]
            found[:, :, k] = threshold[:, [labels.index(v) for v in names]]
            if self.term.single:
                beta = self.tree["posterior"][f"beta_mu_{pair.replace('|', '_')}"].values
                found[:, :, k] -= beta.reshape(-1, 1) * rows[self.term.single].to_numpy()
        return found

    def mean(self, eta: Mapping[str, Array], rows: pd.DataFrame) -> Array:
        """Return what predictions of the kind "expected" report, given predictors."""
        own = self.own(eta, rows)
        if self.family in UNORDERED:
            return categories(
                self.family, np.stack([eta[p] for p in self.means], -1), None, np.ones(())
            )
        if self.family in ORDERED:
            return categories(self.family, eta["mu"], self.thresholds(rows), own["discrimination"])
        mu = LINKS[self.law.link][0](eta["mu"])
        shape = np.broadcast_shapes(mu.shape, *(np.shape(v) for v in own.values()))
        reported = mu if self.family == "asymmetric_laplace" else self.law.mean(mu, own)
        return np.broadcast_to(reported, shape)

    def expected(self, rows: pd.DataFrame, how: str) -> Array:
        """Return draws of the mean, shape (n_draws, n_rows) or (n_draws, n_rows, 3)."""
        return (
            self.population(rows) if how == "population" else self.mean(self.eta(rows, how), rows)
        )

    # the population of groups

    def covariance(self, rows: pd.DataFrame, new: bool = False) -> tuple[list[str], Array]:
        """Return which predictors vary, and their covariance over new levels.

        Parameters
        ----------
        new : bool
            Whether levels that are known keep their effects, and others do not vary more than
            their relatives leave open.

        Returns
        -------
        names : list of str
        ndarray, shape (n_draws, n_rows, n_names, n_names)
            Of Student's effects that of a normal one of the same scale.
        """
        names = [p for p in self.predictors if self.of(p).side.groups]
        found = np.zeros((self.n_draws, len(rows), len(names), len(names)))
        for i, one in enumerate(names):
            for j, other in enumerate(names):
                found[:, :, i, j] = self._between(self.of(one), self.of(other), rows, new)
        return names, found

    @staticmethod
    def _between(a: World, b: World, rows: pd.DataFrame, new: bool) -> Array:
        total = np.zeros((a.n_draws, len(rows)))
        for group in a.side.groups:
            if a.parameter != b.parameter and not group.shared:
                continue
            Sigma = a.sigma(group)[:, a.places(group)][:, :, b.places(group)]
            z = [np.stack([np.broadcast_to(c(w, rows), len(rows)) for c in group.terms.values()], -1)
                 for w in (a, b)]  # fmt: skip
            size = squares(group, rows, a.known(group) if new else ()) * (
                a.conditional(group, rows)[1] if new else a.diagonal(group)[:, None])  # fmt: skip
            total += np.einsum("nk,dkl,nl->dn", z[0], Sigma, z[1]) * size
        return total

    def sigma(self, group: Group) -> Array:
        """Return the covariance of the varying terms of one level, shape (n_draws, k, k)."""
        sd = self.draw(f"sd_{group.name}")
        corr = f"corr_{group.name}"
        R = self.draw(corr) if self.has(corr) else np.eye(sd.shape[1])
        return sd[:, :, None] * R * sd[:, None, :]

    def relation(self, group: Group) -> Array:
        """Return how levels go together, shape (n_draws or 1, n_levels, n_levels)."""
        if group.structure in TIMES:
            names = [v.rsplit(":", 1) for v in self.labels(f"u_{group.name}", 0)]
            who, when = (np.array(v) for v in zip(*names, strict=True))
            times = when.astype(float)
            if group.structure == "series":
                gaps = np.abs(times[:, None] - times)
                K = self.draw(f"rho_{group.name}")[:, None, None] ** gaps
            else:
                own = walk(np.arange(4.0), int(group.structure[-1]))
                K = own[times.astype(int)][:, times.astype(int)][None]
            return np.where(who[:, None] == who, K, 0.0)
        stems = [s for s in ("mix", "halflife", "signal", "range") if self.has(f"{s}_{group.name}")]
        K = relation(group.structure, {s: self.draw(f"{s}_{group.name}") for s in stems})
        order = [LEVELS.index(v) for v in self.labels(f"u_{group.name}", 0)]
        return K[:, order][:, :, order]

    def conditional(self, group: Group, rows: pd.DataFrame) -> tuple[Array, Array]:
        """Return mean and variance of a new level's effect given those of its relatives.

        Returns
        -------
        mean : ndarray, shape (n_draws, n_rows, n_terms)
        variance : ndarray, shape (n_draws or 1, n_rows)
            In units of ``sd**2``.
        """
        u = self.draw(f"u_{group.name}")
        mean, variance = np.zeros((self.n_draws, len(rows), u.shape[2])), np.ones((1, len(rows)))
        if group.structure.startswith("walk"):  # a walk of the times that it is asked at
            for name in set(rows["g"]) - set(LEVELS):
                chosen = np.flatnonzero(rows["g"] == name)
                K = walk(rows["t"].to_numpy(float)[chosen], int(group.structure[-1]))
                variance[0, chosen] = np.diag(K)
            return mean, variance
        if group.structure in ("", "series"):
            return mean, variance
        (names, _), known = group.members(rows)[0], self.known(group)
        strange = np.flatnonzero([v not in known for v in names])
        variance = np.ones((self.n_draws, len(rows)))
        if group.structure == "hsgp":
            basis, power = waves(rows.iloc[strange][["east", "north"]].to_numpy(),
                                 self.draw(f"range_{group.name}"))  # fmt: skip
            labels = self.labels(f"z_{group.name}", 0)
            order = [labels.index(f"wave:{i},{j}") for i, j in wave_numbers()]
            z = np.sqrt(power)[:, :, None] * self.draw(f"z_{group.name}")[:, order]
            sd = self.draw(f"sd_{group.name}")
            mean[:, strange] = np.einsum("ik,dkt->dit", basis, z) * sd[:, None]
            variance[:, strange] = 0.0
            return mean, variance
        hyper = (
            {"range": self.draw(f"range_{group.name}")} if self.has(f"range_{group.name}") else {}
        )
        for i in strange:
            place = rows.iloc[i][["east", "north"]].to_numpy(float)
            towards, own = stranger(group.structure, hyper, place)
            towards = towards[:, [LEVELS.index(v) for v in known]]
            weights = np.linalg.solve(self.relation(group), towards[..., None])[..., 0]
            mean[:, i] = np.einsum(
                "dl,dlt->dt", np.broadcast_to(weights, (self.n_draws, len(known))), u
            )
            variance[:, i] = own - (weights * towards).sum(-1)
        return mean, variance

    def new(self, rows: pd.DataFrame) -> tuple[dict[str, Array], list[str], Array]:
        """Return predictors with what is known of each row's levels, and how the rest varies."""
        eta = {}
        for name in self.predictors:
            at = self.of(name)
            eta[name] = at.fixed(rows) + at.effects(rows, strict=False)
            for group in at.side.groups:
                known, mean = (
                    at.known(group),
                    at.conditional(group, rows)[0][:, :, at.places(group)],
                )
                for levels, weights in group.members(rows):
                    strange = np.array([v not in known for v in levels]) * weights
                    for k, column in enumerate(group.terms.values()):
                        eta[name] += strange * mean[:, :, k] * column(at, rows)
        return eta, *self.covariance(rows, new=True)

    def diagonal(self, group: Group) -> Array:
        """Return the mean variance of the levels with data, in units of ``sd**2``."""
        if not group.structure:
            return np.ones(1)
        return np.diagonal(self.relation(group), axis1=1, axis2=2).mean(-1)

    def apart(self, group: Group) -> Array:
        """Return how much levels differ, in units of ``sd**2``."""
        if group.student:
            nu = self.draw(f"nu_{group.name}")
            return nu / (nu - 2)
        if not group.structure:
            return np.ones(1)
        return self.diagonal(group) - self.relation(group).mean(axis=(1, 2))

    def population(self, rows: pd.DataFrame) -> Array:
        """Average the mean over new levels by brute force."""
        fixed = self.eta(rows, "typical")
        names, covariance = self.covariance(rows)
        if not names:
            return self.mean(fixed, rows)
        total: Any = 0.0
        for weight, eta in self.over(fixed, names, covariance):
            total = total + weight * self.mean(eta, rows)
        return total

    def over(
        self, eta: Mapping[str, Array], names: Sequence[str], covariance: Array
    ) -> Iterator[tuple[float, dict[str, Array]]]:
        """Yield weights and predictors at the nodes of an average over effects."""
        if not names:
            yield 1.0, dict(eta)
            return
        root = np.linalg.cholesky(covariance + 1e-18 * np.eye(len(names)))
        for weight, z in self.points(names, covariance.shape[1]):
            moved = np.einsum("dnij,dnj->idn", root, np.broadcast_to(z, covariance.shape[:3]))
            yield weight, {**eta, **{k: eta[k] + v for k, v in zip(names, moved, strict=True)}}

    def points(self, names: Sequence[str], n_rows: int) -> Iterator[tuple[float, Array]]:
        """Yield weights and standardised effects, by Gauss-Hermite rules or quantiles of t."""
        if any(g.student for n in names for g in self.of(n).side.groups):
            assert len(names) == 1
            nu = self.draw("nu_g")
            x, w = np.polynomial.legendre.leggauss(QUANTILES)
            for u, weight in zip((x + 1) / 2, w / 2, strict=True):
                t = stats.t.ppf(u, nu)[:, None, None]
                yield weight, np.broadcast_to(t, (self.n_draws, n_rows, 1))
            return
        rules = [self.nodes(name, len(names)) for name in names]
        grid = np.stack(np.meshgrid(*[x for x, _ in rules], indexing="ij"), -1)
        grid, shares = grid.reshape(-1, len(names)), [w / w.sum() for _, w in rules]
        weights = np.prod(np.meshgrid(*shares, indexing="ij"), axis=0).ravel()
        yield from ((weight, z) for weight, z in zip(weights, grid, strict=True) if weight > 1e-18)

    def nodes(self, name: str, n: int) -> tuple[Array, Array]:
        """Return the rule for one of ``n`` predictors: equal steps alone, or where means are steep.

        Their error falls as exp(-2 pi a / h), with ``a`` the distance of the mean's poles from
        the real line, which is far less than that of as many Gauss-Hermite nodes.
        """
        if n == 1 or self.stated and self.family in ORDERED and name == "mu":
            return STEPS, np.exp(-0.5 * STEPS**2)
        return np.polynomial.hermite_e.hermegauss(NODES[n])

    # amounts

    def amounts(self, rows: pd.DataFrame) -> Array:
        """Return how many each row stands for."""
        found = np.ones(len(rows))
        if self.family in TRIALS:
            found = found * rows["n"].to_numpy(float)
        return found * rows["copies"].to_numpy() if "weights" in self.modifier else found

    @property
    def trials(self) -> Array | None:
        return self.rows["n"].to_numpy(float) if self.family in TRIALS else None

    @property
    def columns(self) -> list[str]:
        """The response's columns."""
        return PARTS if self.family in ("multinomial", "dirichlet") else ["y"]


def squares(group: Group, rows: pd.DataFrame, known: Container[str] = ()) -> Array:
    """Return the sum of squared weights of each row's levels, but of those that are known."""
    found = np.empty(len(rows))
    members = group.members(rows)
    for i in range(len(rows)):
        own: dict[str, float] = {}
        for levels, weights in members:
            if levels[i] not in known:
                own[levels[i]] = own.get(levels[i], 0.0) + weights[i]
        found[i] = sum(v**2 for v in own.values())
    return found


__all__ = ["World", "laws", "squares"]
