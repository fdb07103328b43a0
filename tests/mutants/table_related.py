"""Errors that somebody could make in the C files of related levels and interpolated factors."""

from __future__ import annotations

from tests.mutants.table import Mutant

RELATED = "tests/engine/test_related.py"
AGAIN = "tests/engine/test_read_again.py"

RELATED_MUTANTS = (
    Mutant(
        "a child's weight that its parent's precision lacks",
        "fields.h",
        "V[places[parent[k] * q + t]] += w * w * r;",
        "V[places[parent[k] * q + t]] += w * r;",
        (RELATED,),
    ),
    Mutant(
        "an innovation's variance without the derivative in the field's parameter",
        "fields.h",
        "slope += pull * before * c.d_w[i] - 0.5 * rest * rest * c.d_r[i];",
        "slope += pull * before * c.d_w[i];",
        (RELATED,),
    ),
    Mutant(
        "a field's determinant counted for one term of several",
        "fields.h",
        "return found.value + 0.5 * (double)g->terms * log_det;",
        "return found.value + 0.5 * log_det;",
        (RELATED,),
    ),
    Mutant(
        "entries below a precision's diagonal counted once",
        "fields.h",
        "const double one = k < n ? 0.5 * Q[k] : Q[k];",
        "const double one = 0.5 * Q[k];",
        (RELATED,),
    ),
    Mutant(
        "a precision that the field's parameter moves only on its diagonal",
        "fields.h",
        "slope -= B[places[k * q + t]] * (d_w * r + w * d_r);",
        "slope -= B[places[k * q + t]] * d_w * r;",
        (RELATED,),
    ),
    Mutant(
        "a mean that the intercept takes up without the scale's derivative",
        "posterior.h",
        "e->dA[0] += e->w[l] * each;",
        "e->dA[0] += 0.0 * each;",
        (RELATED,),
    ),
    Mutant(
        "a prior of the intercept without the mean that it takes up",
        "posterior.h",
        "own->kind, x[0] + shift / own->b, own->c",
        "own->kind, x[0] + 0.0 * shift, own->c",
        (RELATED,),
    ),
    Mutant(
        "a map's share whose derivative leaves out the rest",
        "scales.h",
        "(f.dA[at] * rest - f.dA[at + one] * root)",
        "(f.dA[at] * rest)",
        (RELATED,),
    ),
    Mutant(
        "effects pulled to where they stand in the table, not to when they are eliminated",
        "adapt.h",
        "y[out[i]] = tau * value;",
        "y[out ? seg->offset + unit * q + i : 0] = tau * value;",
        (RELATED,),
    ),
    Mutant(
        "an interpolated centre without its derivative in the scales",
        "taylor.h",
        "quadratic_slopes(q, plan->scalars, numbers(I, plan->at_middle), d_x);",
        "quadratic_slopes(q, 0, numbers(I, plan->at_middle), d_x);",
        (RELATED,),
    ),
    Mutant(
        "a wave's variance without the power of the range in its derivative",
        "fields.h",
        "(2.0 * pace * first[i] * rho - second[1] / rho)",
        "(2.0 * pace * first[i] * rho)",
        (RELATED,),
    ),
    Mutant(
        "another reading's derivatives left with the reading",
        "posterior.h",
        "e->d_u = own->d_u;",
        "e->d_u = own->w;",
        (AGAIN,),
    ),
    Mutant(
        "products of scales' coordinates differentiated in one of them",
        "taylor.h",
        "d_z[j] += q.slopes[k] * q.t[i] * q.pace[j];",
        "d_z[j] += i == j ? q.slopes[k] * q.t[i] * q.pace[j] : 0.0;",
        (RELATED,),
    ),
)
