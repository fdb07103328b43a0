/* Coordinates whose factor and centre are quadratic in the scales' coordinates.
 *
 * With t = CAP tanh(z / CAP) of those coordinates, the logarithms of the factor's diagonal, its other
 * entries and the centre m are sums of 1, t and all t t' times what was fitted to conditional modes and
 * factors at a few scales. Then x = m + inv(L') z, and no matrix is factorised. */
static const double CAP = 4.0;

static int64_t quadratic_terms(int64_t d) { return (d + 1) * (d + 2) / 2; }

/* Numbers of room: the terms, their derivatives, t and dt / dz. */
static int64_t taylor_size(int64_t d) { return 2 * quadratic_terms(d) + 2 * d; }

typedef struct {
    int64_t d, count;
    double *terms, *slopes, *t, *pace;
} Quadratic;

static Quadratic quadratic_in(int64_t d, double *room) {
    const int64_t count = quadratic_terms(d);
    return (Quadratic){d, count, room, room + count, room + 2 * count, room + 2 * count + d};
}

static void quadratic_at(Quadratic q, const double *z) {
    int64_t k = 0;
    q.terms[k++] = 1.0;
    for (int64_t i = 0; i < q.d; i++) {
        const double u = 2.0 * m_sigmoid(2.0 * z[i] / CAP) - 1.0;
        q.t[i] = CAP * u;
        q.pace[i] = 1.0 - u * u;
        q.terms[k++] = q.t[i];
    }
    for (int64_t i = 0; i < q.d; i++)
        for (int64_t j = i; j < q.d; j++) q.terms[k++] = q.t[i] * q.t[j];
}

/* Add to d_z what the derivatives of the terms, q.slopes, mean for the coordinates. */
static void quadratic_gradient(Quadratic q, double *d_z) {
    int64_t k = 1 + q.d;
    for (int64_t i = 0; i < q.d; i++) d_z[i] += q.slopes[1 + i] * q.pace[i];
    for (int64_t i = 0; i < q.d; i++)
        for (int64_t j = i; j < q.d; j++, k++) {
            d_z[i] += q.slopes[k] * q.t[j] * q.pace[i];
            d_z[j] += q.slopes[k] * q.t[i] * q.pace[j];
        }
}

/* out = sum of terms times their sets of n numbers. */
static void quadratic_sum(Quadratic q, int64_t n, const double *restrict sets, double *restrict out) {
    memcpy(out, sets, 8 * (size_t)n);
    for (int64_t k = 1; k < q.count; k++) {
        const double factor = q.terms[k], *restrict set = sets + k * n;
        SIMD
        for (int64_t i = 0; i < n; i++) out[i] += factor * set[i];
    }
}

/* Add the products of a derivative with the sets to the terms' derivatives. */
static void quadratic_slopes(Quadratic q, int64_t n, const double *restrict sets, const double *restrict slope) {
    for (int64_t k = 1; k < q.count; k++) {
        const double *restrict set = sets + k * n;
        double total = 0.0;
        SIMD_SUM(total)
        for (int64_t i = 0; i < n; i++) total += slope[i] * set[i];
        q.slopes[k] += total;
    }
}

/* Fill the factor V and the centre; return minus the logarithm of the factor's determinant. */
static double taylor_forward(const int64_t *I, Quadratic q, double *V, double *centre) {
    const Plan *plan = plan_of(I);
    const Shape p = shape_of(I);
    double total = 0.0;
    quadratic_sum(q, plan->size, numbers(I, plan->at_values), V);
    quadratic_sum(q, plan->scalars, numbers(I, plan->at_middle), centre);
    for (int64_t j = 0; j < p.tail + p.m; j++) {
        double *diagonal = j < p.tail ? V + j : tail_of(p, V) + (j - p.tail) * (p.m + 1);
        total += *diagonal;
        *diagonal = m_exp(*diagonal);
    }
    return -total;
}

/* Fill the terms' derivatives, from those in x (d_x, in the order of elimination) and w = inv(L') z
 * with slope = inv(L) d_x. B: room as V. */
static void taylor_gradient(const int64_t *I, Quadratic q, const double *V, const double *w, const double *slope,
                            const double *d_x, double *B) {
    const Plan *plan = plan_of(I);
    const Shape p = shape_of(I);
    memset(B, 0, 8 * (size_t)plan->size);
    memset(q.slopes, 0, 8 * (size_t)q.count);
    add_outer(p, w, slope, B);
    for (int64_t j = 0; j < p.tail + p.m; j++) {
        const int64_t at = j < p.tail ? j : p.edges[p.tail] + (j - p.tail) * (p.m + 1);
        B[at] = B[at] * V[at] - 1.0;
    }
    quadratic_slopes(q, plan->size, numbers(I, plan->at_values), B);
    quadratic_slopes(q, plan->scalars, numbers(I, plan->at_middle), d_x);
}
