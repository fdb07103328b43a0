"""Errors that somebody could make in the C files: each one a small change of one place.

All of them compile without a warning, and none leaves an array.
"""

from __future__ import annotations

from tests.mutants.table import Mutant

KERNEL = "tests/engine/test_kernel.py"
COORDINATES = "tests/engine/test_coordinates.py"
ROWS = "tests/engine/test_rows.py"
BLOCKS = "tests/engine/test_blocks.py"
THREADS = "tests/engine/test_threads.py"
SPARSE = "tests/engine/test_sparse.py"
COLUMNS = "tests/engine/test_level_columns.py"
ORDERED = "tests/engine/test_ordered.py"
PREDICTORS = "tests/engine/test_predictors.py"
LIBRARY = "tests/native/test_library.py"

C_MUTANTS = (
    Mutant(
        "a share's levels of a sorted group counted from the first of all",
        "shares.h",
        "d_u[(level - low) * q] += sum_of(Z, d, i, stop);",
        "d_u[(level > low ? level - low - 1 : 0) * q] += sum_of(Z, d, i, stop);",
        (THREADS,),
    ),
    Mutant(
        "what the last share found left out",
        "shares.h",
        "fixed->d_start += own->d_start;",
        "fixed->d_start += s && s == count - 1 ? 0.0 : own->d_start;",
        (THREADS,),
    ),
    Mutant(
        "a level's column beside another term's effects",
        "columns.h",
        "*d_u = effects[column->group].d_u + column->term;",
        "*d_u = effects[column->group].d_u + map.q - 1;",
        (COLUMNS,),
    ),
    Mutant(
        "a level's column that the effect of the level before takes",
        "columns.h",
        "u[l * map.q] += values[l] * factor;",
        "u[l * map.q] += values[l > 0 ? l - 1 : l] * factor;",
        (COLUMNS,),
    ),
    Mutant(
        "a threshold that moves only the next one",
        "posterior.h",
        "above = climbs(I, j) ? slope : 0.0;",
        "above = climbs(I, j) ? d_own[j] : 0.0;",
        (ORDERED,),
    ),
    Mutant(
        "a threshold's distance without the Jacobian of its logarithm",
        "posterior.h",
        "total += found.value + here;",
        "total += found.value;",
        (ORDERED,),
    ),
    Mutant(
        "what a category's upper threshold changes given to the lower one",
        "printed_ordinal.h",
        "c->d_thresholds[cut_at(c, 2, at + j)] += weighted(c->w[j], c->d[2][j]);",
        "c->d_thresholds[cut_at(c, 1, at + j)] += weighted(c->w[j], c->d[2][j]);",
        (ORDERED,),
    ),
    Mutant(
        "a coefficient's derivative taken from the mean's predictor",
        "shares.h",
        "d[columns[j].predictor], 0, m);",
        "d[0], 0, m);",
        (PREDICTORS,),
    ),
    Mutant(
        "a smooth's derivative of its last rows alone",
        "shares.h",
        "d_u[effect_at(columns + j, all->effects)] += slope;",
        "d_u[effect_at(columns + j, all->effects)] = slope;",
        (PREDICTORS,),
    ),
    Mutant(
        "one share summed twice, and another not at all",
        "threads.h",
        "work->piece(work->of, number);",
        "work->piece(work->of, number / 2);",
        (THREADS,),
    ),
    Mutant(
        "a sign in the derivative of a correlation factor",
        "densities.h",
        "(dL[i * s + j] - L[i * s + j] * along)",
        "(dL[i * s + j] + L[i * s + j] * along)",
        (KERNEL,),
    ),
    Mutant(
        "a half-normal prior of a logarithm without its Jacobian",
        "densities.h",
        "return (Pair){x - 0.5 * r, 1.0 - r};",
        "return (Pair){-0.5 * r, -r};",
        (KERNEL,),
    ),
    Mutant(
        "correlations without the Jacobian of their rows",
        "scales.h",
        "power = (double)width + 2.0 * blocks[b].eta - 1.0;",
        "power = 2.0 * blocks[b].eta - 2.0;",
        (KERNEL,),
    ),
    Mutant(
        "a term of the counts times a logarithm forgotten",
        "row.h",
        "log_part - (y + o.own) * spare - y * o.log_own;",
        "log_part - (y + o.own) * spare;",
        (ROWS,),
    ),
    Mutant(
        "the last rows left out where they do not fill a block",
        "shares.h",
        "for (int64_t first = own->from; first < own->to; first += ROWS_AT_ONCE) {",
        "for (int64_t first = own->from; !first || first + ROWS_AT_ONCE <= own->to; first += ROWS_AT_ONCE) {",
        (BLOCKS,),
    ),
    Mutant(
        "sorted rows numbered from the first of all, not of their block",
        "shares.h",
        "end = e->starts[level + 1] - first, stop",
        "end = e->starts[level + 1], stop",
        (BLOCKS,),
    ),
    Mutant(
        "the first rows' weights taken for those of every block",
        "rows.h",
        "s.weights ? s.weights + first : NULL",
        "s.weights",
        (BLOCKS,),
    ),
    Mutant(
        "the first rows' data taken for those of every block of an interpreted density",
        "rows.h",
        "columns[k] = s.known + k * s.n + first;",
        "columns[k] = s.known + k * s.n + 0 * first;",
        (BLOCKS,),
    ),
    Mutant(
        "every strip of an interpreted density reads the first rows",
        "interpret.h",
        "m->rows[k] = columns[k] + at;",
        "m->rows[k] = columns[k];",
        ("tests/native/test_interpret.py",),
    ),
    Mutant(
        "a number summed as often as a full strip has rows",
        "interpret.h",
        "sum = *value.at * (double)size;",
        "sum = *value.at * (double)STRIP;",
        ("tests/native/test_interpret.py",),
    ),
    Mutant(
        "a level's place without its number of terms",
        "shares.h",
        "eta[i] += Z[i] * u[index[i] * q + t];",
        "eta[i] += Z[i] * u[index[i] + t];",
        (KERNEL,),
    ),
    Mutant(
        "the log volume of the factor left out",
        "kernel.h",
        "volume = -log_diagonal(p, m.V);",
        "volume = -0.0 * log_diagonal(p, m.V);",
        (COORDINATES,),
    ),
    Mutant(
        "the other triangle solved",
        "sparse.h",
        "    upper((Shape){tail, m, edges, rows, NULL}, V, x);",
        "    lower((Shape){tail, m, edges, rows, NULL}, V, x);",
        (SPARSE,),
    ),
    Mutant(
        "one of two products left out of an inverse",
        "sparse.h",
        "if (a != b) S[b] -= back * V[a] / V[j];",
        "",
        (SPARSE,),
    ),
    Mutant(
        "half the derivative in the residual scale",
        "kernel.h",
        "m.d_x[plan->sigma] -= 2.0 * tau * d_tau;",
        "m.d_x[plan->sigma] -= tau * d_tau;",
        (COORDINATES,),
    ),
    Mutant(
        "a sign in the derivative of a level's determinant",
        "maps.h",
        "+ d_w * moved - slope / square;",
        "+ d_w * moved + slope / square;",
        (COORDINATES,),
    ),
    Mutant(
        "a sign in the derivative of the determinant of a level's matrix",
        "maps.h",
        "dC[i * s + i] -= 1.0 / C[i * s + i];",
        "dC[i * s + i] += 1.0 / C[i * s + i];",
        (COORDINATES,),
    ),
    Mutant(
        "a row's weight not multiplied into its slope",
        "printed.h",
        """        if (use & 4) d += through(c->d[2][j], c->first[2][j]);
        out[j] = weighted(w[j], d);""",
        """        if (use & 4) d += through(c->d[2][j], c->first[2][j]);
        out[j] = w[j] != 0.0 ? d : 0.0;""",
        ("tests/native/test_printed.py",),
    ),
    Mutant(
        "counts above zero not divided by the chance of them",
        "staged.h",
        "value[i] -= m_log(-m_expm1(none[i]));",
        "value[i] -= 0.0 * none[i];",
        (ROWS,),
    ),
    Mutant(
        "an inflated zero with more than its share of the plain ones",
        "staged.h",
        "zero = share + rest * chance,",
        "zero = share + chance,",
        (ROWS,),
    ),
    Mutant(
        "the width of the intercept's prior left out of its slope",
        "posterior.h",
        "grad[0] += ((const Prior *)(I + h->at_intercept_prior))->b * fixed.d_start;",
        "grad[0] += fixed.d_start;",
        (KERNEL,),
    ),
    Mutant(
        "the inbreeding of a sire forgotten",
        "ancestry.h",
        "(sire >= 0 ? F[sire] : -1.0)",
        "(sire >= 0 ? 0.0 : -1.0)",
        (LIBRARY,),
    ),
    Mutant(
        "one of two products left out of a sparse inverse",
        "sparse_inverse.h",
        "row_of[rows[b]] -= data[a] * inverse[c];",
        "",
        (LIBRARY,),
    ),
    Mutant(
        "the slope of maximum likelihood in restricted maximum likelihood",
        "reml.h",
        "{-0.5 * (one + by_s + free * by_Q),",
        "{-0.5 * (one + free * by_Q),",
        (LIBRARY,),
    ),
    Mutant(
        "genotype calls less their plain mean, not the weighted one",
        "dosage.h",
        "shift += weights[i] * row[i];",
        "shift += row[i] * all / (double)n;",
        (LIBRARY,),
    ),
    Mutant(
        "less or equal taken for less",
        "interpret_ops.h",
        "OP2(less_equal, (double)(x <= y))",
        "OP2(less_equal, (double)(x < y))",
        ("tests/native/test_interpret.py",),
    ),
    Mutant(
        "a sign in the slope of a printed row's own parameter",
        "printed_gaussian.h",
        "t8 = -(t1 - ((t4 * t7) + (t3 * (0.5 * t7))));",
        "t8 = -(t1 + ((t4 * t7) + (t3 * (0.5 * t7))));",
        ("tests/native/test_printed.py",),
    ),
    Mutant(
        "a term of a printed row changed by hand",
        "printed_gaussian.h",
        "t14 = -(((t1 * t12) + (t8 * t4)) + ((t2 * t11) + (t7 * t6)));",
        "t14 = -(((t1 * t12) + (t8 * t4)) + ((t2 * t11) - (t7 * t6)));",
        ("tests/native/test_printed_text.py",),
    ),
    Mutant(
        "a level beyond the last let through",
        "check.h",
        "g->at_index ? rows : 0, 0, g->levels)",
        "g->at_index ? rows : 0, 0, g->levels + 1)",
        ("tests/engine/test_bodies.py",),
    ),
    Mutant(
        "a constant of the normal distribution cut to ten digits",
        "vmath_normal.h",
        "r - 0.9189385332046727418 - 0.5 * x * x",
        "r - 0.9189385332 - 0.5 * x * x",
        ("tests/native/test_vmath.py",),
    ),
    Mutant(
        "a count's rise that begins one too late",
        "rises.h",
        "slope += rows / (phi + k);",
        "slope += rows / (phi + k + 1);",
        (ROWS,),
    ),
    Mutant(
        "the variance of a binomial count taken for that of a Poisson one",
        "saddle.h",
        "K2 += n * g[i] * g[i] * q * (1.0 - q);",
        "K2 += n * g[i] * g[i] * q;",
        (LIBRARY,),
    ),
)
