/* Sparse Cholesky factors with a dense tail (see symbolic.h), and their derivatives. */
typedef struct {
    int64_t tail, m;                       /* sparse columns, dense columns */
    const int64_t *edges, *rows, *targets; /* rows may be NULL where only targets are used */
} Shape;

static double *tail_of(Shape p, double *V) { return V + p.edges[p.tail]; }

/* Replace the sparse columns by those of the factor; 0 if the matrix is not positive. */
static int eliminate_columns(Shape p, double *V) {
    const int64_t *to = p.targets;
    for (int64_t j = 0; j < p.tail; j++) {
        if (!(V[j] > 0.0)) return 0;
        V[j] = sqrt(V[j]);
        const double scale = 1.0 / V[j];
        const int64_t low = p.edges[j], high = p.edges[j + 1];
        for (int64_t b = low; b < high; b++) V[b] *= scale;
        for (int64_t b = low; b < high; b++) {
            const double factor = V[b];
            for (int64_t a = b; a < high; a++) V[*to++] -= V[a] * factor;
        }
    }
    return 1;
}

enum { PANEL = 32 };

/* Take four columns' products from the rest of column k. */
INLINE void take_four(int64_t k, int64_t m, const double *restrict a, const double *restrict b, const double *restrict c,
                      const double *restrict d, double *restrict to) {
    const double fa = a[k], fb = b[k], fc = c[k], fd = d[k];
    SIMD
    for (int64_t i = k; i < m; i++) to[i] -= fa * a[i] + fb * b[i] + fc * c[i] + fd * d[i];
}

/* Replace a dense block, stored column by column, by its factor. Columns go by panels, so
 * that what is left is read once for each panel of them; 0 if it is not positive. */
int64_t NAME(eliminate_tail)(int64_t m, double *M) {
    for (int64_t start = 0; start < m; start += PANEL) {
        const int64_t stop = start + PANEL < m ? start + PANEL : m;
        for (int64_t j = start; j < stop; j++) {
            double *restrict from = M + j * m;
            if (!(from[j] > 0.0)) return 0;
            from[j] = sqrt(from[j]);
            for (int64_t i = j + 1; i < m; i++) from[i] /= from[j];
            for (int64_t k = j + 1; k < stop; k++) {
                double *restrict to = M + k * m;
                const double factor = from[k];
                SIMD
                for (int64_t i = k; i < m; i++) to[i] -= factor * from[i];
            }
        }
        for (int64_t k = stop; k < m; k++) /* a full panel: PANEL is a multiple of four */
            for (int64_t j = start; j < stop; j += 4)
                take_four(k, m, M + j * m, M + (j + 1) * m, M + (j + 2) * m, M + (j + 3) * m, M + k * m);
    }
    return 1;
}

/* Replace x by inv(L) x. */
static void lower(Shape p, const double *V, double *x) {
    const int64_t m = p.m;
    for (int64_t j = 0; j < p.tail; j++) {
        const double value = x[j] / V[j];
        x[j] = value;
        for (int64_t k = p.edges[j]; k < p.edges[j + 1]; k++) x[p.rows[k - p.tail]] -= V[k] * value;
    }
    const double *M = V + p.edges[p.tail];
    double *rest = x + p.tail;
    for (int64_t j = 0; j < m; j++) {
        const double *restrict column = M + j * m;
        const double value = rest[j] / column[j];
        rest[j] = value;
        SIMD
        for (int64_t i = j + 1; i < m; i++) rest[i] -= column[i] * value;
    }
}

/* Replace x by inv(L') x. */
static void upper(Shape p, const double *V, double *x) {
    const int64_t m = p.m;
    const double *M = V + p.edges[p.tail];
    double *rest = x + p.tail;
    for (int64_t j = m - 1; j >= 0; j--) {
        const double *column = M + j * m;
        double value = 0.0;
        SIMD_SUM(value)
        for (int64_t i = j + 1; i < m; i++) value += column[i] * rest[i];
        rest[j] = (rest[j] - value) / column[j];
    }
    for (int64_t j = p.tail - 1; j >= 0; j--) {
        double value = x[j];
        for (int64_t k = p.edges[j]; k < p.edges[j + 1]; k++) value -= V[k] * x[p.rows[k - p.tail]];
        x[j] = value / V[j];
    }
}

/* Sum of the logarithms of the factor's diagonal. */
static double log_diagonal(Shape p, const double *V) {
    const double *M = V + p.edges[p.tail];
    double total = 0.0, product = 1.0;
    for (int64_t j = 0; j < p.tail + p.m; j++) {
        product *= j < p.tail ? V[j] : M[(j - p.tail) * (p.m + 1)];
        if (product > 1e100 || product < 1e-100) {
            total += m_log(product);
            product = 1.0;
        }
    }
    return total + m_log(product);
}

/* Take left right' from the derivative B at the factor's entries. */
static void add_outer(Shape p, const double *left, const double *right, double *B) {
    for (int64_t j = 0; j < p.tail; j++) {
        const double value = right[j];
        B[j] -= left[j] * value;
        for (int64_t k = p.edges[j]; k < p.edges[j + 1]; k++) B[k] -= left[p.rows[k - p.tail]] * value;
    }
    double *N = tail_of(p, B);
    for (int64_t j = 0; j < p.m; j++)
        for (int64_t i = j; i < p.m; i++) N[j * p.m + i] -= left[p.tail + i] * right[p.tail + j];
}

/* Reverse the elimination of one column of the dense block. */
static void pull_back_column(int64_t m, const double *M, double *N, int64_t j) {
    const double *from = M + j * m;
    double *own = N + j * m;
    for (int64_t k = m - 1; k > j; k--) {
        const double *restrict back = N + k * m;
        const double factor = from[k];
        double slope = 0.0;
        SIMD_SUM(slope)
        for (int64_t i = k; i < m; i++) {
            own[i] -= back[i] * factor;
            slope += back[i] * from[i];
        }
        own[k] -= slope;
    }
    double diagonal = own[j];
    for (int64_t i = j + 1; i < m; i++) {
        own[i] /= from[j];
        diagonal -= own[i] * from[i];
    }
    own[j] = 0.5 * diagonal / from[j];
}

/* Turn the derivative B in the factor V into that in the matrix below its diagonal: the
 * operations of the elimination, in reverse. */
static void pull_back(Shape p, int64_t targets, const double *V, double *B) {
    for (int64_t j = p.m - 1; j >= 0; j--) pull_back_column(p.m, V + p.edges[p.tail], tail_of(p, B), j);
    const int64_t *to = p.targets + targets;
    for (int64_t j = p.tail - 1; j >= 0; j--) {
        const int64_t low = p.edges[j], high = p.edges[j + 1], count = high - low;
        to -= count * (count + 1) / 2;
        const int64_t *at = to;
        for (int64_t b = low; b < high; b++) {
            const double factor = V[b];
            double slope = 0.0;
            for (int64_t a = b; a < high; a++) {
                const double back = B[*at++];
                B[a] -= back * factor;
                slope += back * V[a];
            }
            B[b] -= slope;
        }
        double diagonal = B[j];
        for (int64_t a = low; a < high; a++) {
            B[a] /= V[j];
            diagonal -= B[a] * V[a];
        }
        B[j] = 0.5 * diagonal / V[j];
    }
}

int64_t NAME(eliminate)(int64_t tail, const int64_t *edges, const int64_t *targets, double *V) {
    return eliminate_columns((Shape){tail, 0, edges, NULL, targets}, V);
}
void NAME(solve_lower)(int64_t tail, int64_t m, const int64_t *edges, const int64_t *rows, const double *V, double *x) {
    lower((Shape){tail, m, edges, rows, NULL}, V, x);
}
void NAME(solve_upper)(int64_t tail, int64_t m, const int64_t *edges, const int64_t *rows, const double *V, double *x) {
    upper((Shape){tail, m, edges, rows, NULL}, V, x);
}

/* Fill S with the inverse at the factor's entries; its tail is given. */
void NAME(invert_on_pattern)(int64_t tail, const int64_t *edges, const int64_t *targets, int64_t n_targets, const double *V, double *S) {
    const int64_t *to = targets + n_targets;
    for (int64_t j = tail - 1; j >= 0; j--) {
        const int64_t low = edges[j], high = edges[j + 1];
        to -= (high - low) * (high - low + 1) / 2;
        for (int64_t a = low; a < high; a++) S[a] = 0.0;
        const int64_t *at = to;
        for (int64_t b = low; b < high; b++)
            for (int64_t a = b; a < high; a++) {
                const double back = S[*at++];
                S[a] -= back * V[b] / V[j];
                if (a != b) S[b] -= back * V[a] / V[j];
            }
        S[j] = 1.0 / (V[j] * V[j]);
        for (int64_t a = low; a < high; a++) S[j] -= S[a] * V[a] / V[j];
    }
}
