"""Smooth terms: penalised columns, whose coefficients share a few standard deviations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.maths.kernels import density
from bayes_glmm.model.blocks.block import RandomBlock, Rows, Values
from bayes_glmm.model.blocks.factor import Hyper
from bayes_glmm.model.blocks.group_arrays import TOLD
from bayes_glmm.model.prior_draws import PriorDraws
from bayes_glmm.model.stated import Stated
from bayes_glmm.model.variables import (
    BASIS,
    EFFECTS,
    RANGE,
    SD,
    Role,
    Slot,
    Variable,
    element,
    hyper_variable,
    named,
)

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SpectralBasis:
    """The spectral density that scales the coefficients of a basis of sines (HSGP).

    Attributes
    ----------
    kernel : str
    frequency : ndarray, shape (n_basis,)
    dimension : int
    """

    kernel: str
    frequency: Array
    dimension: int


@dataclass(frozen=True, eq=False)
class SmoothDesign(RandomBlock):
    """The penalised columns of one smooth term.

    Attributes
    ----------
    name : str
        ``"s_x"``, ``"t2_x_z"``, ``"hsgp_x"``.
    label : str
        The term as written.
    basis : ndarray, shape (n_rows, n_basis)
    part : ndarray of int, shape (n_basis,)
        Which standard deviation each coefficient has.
    parts : tuple of str
        Labels of the standard deviations.
    spectrum : SpectralBasis or None
        Of a Gaussian process.
    hyper : tuple of Hyper
        Its parameters besides the standard deviation.
    """

    name: str
    label: str
    basis: Array
    part: NDArray[np.intp]
    parts: tuple[str, ...]
    spectrum: SpectralBasis | None = None
    hyper: tuple[Hyper, ...] = ()

    @property
    def sd(self) -> str:
        """Name of the standard deviations."""
        return named(SD, self.name)

    @property
    def effects(self) -> str:
        """Name of the coefficients of the penalised columns."""
        return named(EFFECTS, self.name)

    def hyper_name(self, hyper: Hyper) -> str:
        """Return the name of a parameter besides the standard deviation."""
        return named(hyper.stem, self.name)

    @property
    def part_dim(self) -> str:
        """Dimension of the standard deviations."""
        return f"{self.name}_part"

    @property
    def basis_dim(self) -> str:
        """Dimension of the coefficients."""
        return f"{self.name}_basis"

    @property
    def columns(self) -> tuple[str, ...]:
        """Labels of the coefficients: their numbers from 1."""
        return tuple(str(k + 1) for k in range(len(self.part)))

    @property
    def names(self) -> frozenset[str]:
        """What its variables, dimensions and data of a graph may be named."""
        stems = (named(stem, self.name) for stem in (SD, EFFECTS, BASIS, RANGE))
        return frozenset([self.name, self.part_dim, self.basis_dim, *stems])

    def variables(self) -> tuple[Variable, ...]:
        """Return its variables: sds, parameters of its covariance, coefficients."""
        names = [element(self.sd, part) for part in self.parts]
        slots = tuple(Slot(name, (name, self.sd, SD)) for name in names)
        parts, columns = np.array(self.parts, str), np.array(self.columns, str)
        return (
            Variable(self.sd, Role.SD, self.name, (self.part_dim,), (parts,), slots=slots),
            *(hyper_variable(self.name, h.stem, h.support, h.prior, h.meaning) for h in self.hyper),
            Variable(self.effects, Role.EFFECTS, self.name, (self.basis_dim,), (columns,)),
        )

    def rows(self, values: Values, maths: Maths) -> Iterator[Any]:
        """Yield the penalised columns times their coefficients."""
        yield maths.linear(self.basis, values[self.effects])

    def scales(self, hyper: Mapping[str, Any], maths: Maths) -> Any:
        """Return the coefficients' sizes in units of their standard deviation, or one."""
        if self.spectrum is None:
            return np.float64(1)
        kernel, frequency, dimension = vars(self.spectrum).values()
        return maths.sqrt(density(kernel, frequency, hyper[RANGE], maths, dimension))

    @property
    def data_share(self) -> Array:
        """Rough share of information from the rows, not the prior, from zero to one."""
        typical = self.scales({h.stem: h.prior.median for h in self.hyper}, NUMPY)
        weight = (self.basis**2).sum(axis=0) * typical**2
        return np.asarray(weight / (weight + TOLD))

    def state(self, graph: Graph) -> None:
        """State sds, parameters and coefficients."""
        import pymc as pm

        from bayes_glmm.maths.field_maths import pytensor_maths
        from bayes_glmm.model.transforms import PartlyStandardized

        sd = graph.vector(self.sd, self.parts, self.part_dim)
        hyper = {h.stem: graph.scalar(self.hyper_name(h)) for h in self.hyper}
        sizes = sd[self.part] * self.scales(hyper, pytensor_maths())
        transform = PartlyStandardized(self.data_share) if graph.standardized else None
        graph.values[self.effects] = pm.Normal(
            self.effects, np.float64(0), sizes, dims=self.basis_dim, default_transform=None,
            transform=transform,
        )  # fmt: skip

    def with_data(self, graph: Graph) -> SmoothDesign:
        """Return the smooth whose columns are data of a graph."""
        dims = ("observation", self.basis_dim)
        return replace(self, basis=graph.data(named(BASIS, self.name), self.basis, dims))

    def draw(self, source: PriorDraws) -> dict[str, Array]:
        """Draw sds, parameters and coefficients."""
        sd = source.vector(self.sd, self.parts)
        hyper = self.drawn_hyper(source)
        out = {self.sd: sd, self.effects: self._coefficients(sd, hyper, source.rng)}
        return out | {self.hyper_name(h): hyper[h.stem] for h in self.hyper}

    def _coefficients(
        self, sd: Array, hyper: Mapping[str, Array], rng: np.random.Generator
    ) -> Array:
        """Draw coefficients given sds, (n_draws, n_parts), and parameters, (n_draws,)."""
        columns = {stem: np.asarray(value)[:, None] for stem, value in hyper.items()}
        sizes = sd[:, self.part] * self.scales(columns, NUMPY)
        return np.asarray(sizes * rng.standard_normal(sizes.shape))

    def read(self, stated: Stated) -> dict[str, Array]:
        """Return stated sds, parameters and coefficients."""
        out = {
            self.sd: stated.vector(self.sd, self.parts),
            self.effects: stated.vector(self.effects, self.columns),
        }
        names = ((self.hyper_name(h), h.support) for h in self.hyper)
        return out | {name: stated.within(name, support) for name, support in names}

    def simulate(self, stated: Stated, rng: np.random.Generator) -> Array:
        """Return stated coefficients, else coefficients drawn from stated sds, (n_basis,)."""
        sd = stated.vector(self.sd, self.parts)
        hyper = self.stated_hyper(stated)
        if self.effects in stated.parameters:
            return stated.vector(self.effects, self.columns)
        return np.asarray(self._coefficients(sd[None], hyper, rng)[0])

    def take(self, rows: Rows) -> SmoothDesign:
        """Return the smooth on some of its rows."""
        return replace(self, basis=self.basis[rows])
