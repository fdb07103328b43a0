/* Coordinates in which everything linear is about standard normal.
 *
 * Given scales and correlations, the fixed and random effects of a model are about normal
 * with precision H = A' G A + I, where G is what the rows say about them (their
 * cross-products, weighted at the mode) and A the factors of the groups. With L L' = H and
 * c the pull of the rows, x = inv(L') (inv(L) c + z) is that normal approximation for
 * standard normal z. The density in z is exact whatever G and c are: they move coordinates,
 * not the model. Where the response is Gaussian, the approximation is exact and z integrates
 * out. */
static const Plan *plan_of(const int64_t *I) { return (const Plan *)(I + ((const Program *)I)->at_plan); }

static Shape shape_of(const int64_t *I) {
    const Plan *plan = plan_of(I);
    return (Shape){plan->tail, plan->scalars - plan->tail, I + plan->at_edges, I + plan->at_rows, I + plan->at_targets};
}

static const Segment *segments_of(const int64_t *I) { return (const Segment *)(I + plan_of(I)->at_segments); }

static const double *factor_of(Factors f, const double *A, int64_t group) {
    return group < 0 ? NULL : A + group * f.widest * f.widest;
}

/* Fill half = block A, the block itself for fixed effects (A is NULL). */
static void at_right(int64_t qa, int64_t qb, int64_t s, const double *A, const double *block, double *half) {
    for (int64_t i = 0; i < qa; i++)
        for (int64_t j = 0; j < qb; j++) {
            double value = A ? 0.0 : block[i * qb + j];
            if (A)
                for (int64_t n = j; n < qb; n++) value += block[i * qb + n] * A[n * s + j];
            half[i * qb + j] = value;
        }
}

/* Fill half = A' block. */
static void at_left(int64_t qa, int64_t qb, int64_t s, const double *A, const double *block, double *half) {
    for (int64_t i = 0; i < qa; i++)
        for (int64_t j = 0; j < qb; j++) {
            double value = 0.0;
            for (int64_t n = i; n < qa; n++) value += A[n * s + i] * block[n * qb + j];
            half[i * qb + j] = value;
        }
}

/* Whether both sides of a segment are single numbers or fixed effects: no matrices needed. */
static int scalar(const Segment *seg) {
    return seg->left < 0 || (seg->rows_left == 1 && (seg->rows_right == 1 || seg->right < 0));
}

/* Numbers of room that one block of a segment needs, three times over. */
static int64_t block_size(const int64_t *I) {
    int64_t most = 0;
    for (int64_t k = 0; k < plan_of(I)->segments; k++) {
        const Segment *seg = segments_of(I) + k;
        const int64_t wide = seg->rows_left > seg->rows_right ? seg->rows_left : seg->rows_right;
        if (seg->rows_left * wide > most) most = seg->rows_left * wide;
    }
    return most;
}

/* Call what with each group whose levels are related, its places and its chain. */
#define EACH_FIELD(what) \
    { \
        const double *chain = f.chains; \
        for (int64_t g = 0; g < f.groups; g++) { \
            const Group *group = groups_of(I) + g; \
            const int64_t *places = I + (I + plan_of(I)->at_fields)[g]; \
            if (group->at_field) what; \
            chain += chain_size(I, group); \
        } \
    }

/* Fill V with tau A' G A + Q, where Q is one for effects of independent levels. */
static void precision(const int64_t *I, Factors f, double tau, double *V, double *half) {
    const Plan *plan = plan_of(I);
    const int64_t s = f.widest;
    memset(V, 0, 8 * (size_t)plan->size);
    for (int64_t k = 0; k < plan->segments; k++) {
        const Segment *seg = segments_of(I) + k;
        const double *A = factor_of(f, f.A, seg->left), *right = factor_of(f, f.A, seg->right), *G = numbers(I, seg->at_products);
        const int64_t qa = seg->rows_left, qb = seg->rows_right, size = qa * qb, *places = I + seg->at_places;
        if (scalar(seg)) {
            const double factor = tau * (A ? A[0] : 1.0) * (right ? right[0] : 1.0);
            for (int64_t n = 0; n < seg->pairs * size; n++)
                if (places[n] >= 0) V[places[n]] += factor * G[n];
            continue;
        }
        for (int64_t pair = 0; pair < seg->pairs; pair++, G += size, places += size) {
            at_right(qa, qb, s, right, G, half);
            for (int64_t i = 0; i < qa; i++)
                for (int64_t j = 0; j < qb; j++) {
                    double value = 0.0;
                    if (places[i * qb + j] < 0) continue;
                    for (int64_t n = i; n < qa; n++) value += A[n * s + i] * half[n * qb + j];
                    V[places[i * qb + j]] += tau * value;
                }
        }
    }
    const Shape p = shape_of(I);
    const double *unit = numbers(I, plan->at_unit);
    for (int64_t j = 0; j < p.tail; j++) V[j] += unit[j];
    for (int64_t j = 0; j < p.m; j++) tail_of(p, V)[j * (p.m + 1)] += unit[p.tail + j];
    EACH_FIELD(add_field(I, group, chain, places, V))
}

/* Add what the derivative B of tau A' G A means for A; return it for tau. */
static double precision_gradient(const int64_t *I, Factors f, double tau, const double *B, double *room, int64_t one) {
    const Plan *plan = plan_of(I);
    const int64_t s = f.widest;
    double d_tau = 0.0, *half = room, *other = room + one, *own = room + 2 * one;
    for (int64_t k = 0; k < plan->segments; k++) {
        const Segment *seg = segments_of(I) + k;
        const double *A = factor_of(f, f.A, seg->left), *right = factor_of(f, f.A, seg->right), *G = numbers(I, seg->at_products);
        double *dA = A ? f.dA + seg->left * s * s : NULL, *d_right = right ? f.dA + seg->right * s * s : NULL;
        const int64_t qa = seg->rows_left, qb = seg->rows_right, size = qa * qb, *places = I + seg->at_places;
        if (scalar(seg)) {
            double value = 0.0;
            for (int64_t n = 0; n < seg->pairs * size; n++)
                if (places[n] >= 0) value += G[n] * B[places[n]];
            const double a = A ? A[0] : 1.0, b = right ? right[0] : 1.0;
            d_tau += a * b * value;
            if (A) dA[0] += tau * b * value;
            if (right) d_right[0] += tau * a * value;
            continue;
        }
        memset(own, 0, 8 * (size_t)(qa * qa));
        for (int64_t pair = 0; pair < seg->pairs; pair++, G += size, places += size) {
            at_right(qa, qb, s, right, G, half);
            if (right) at_left(qa, qb, s, A, G, other);
            for (int64_t i = 0; i < qa; i++)
                for (int64_t j = 0; j < qb; j++) {
                    if (places[i * qb + j] < 0) continue;
                    const double back = B[places[i * qb + j]];
                    for (int64_t n = i; n < qa; n++) own[n * qa + i] += back * half[n * qb + j];
                    if (right)
                        for (int64_t n = j; n < qb; n++) d_right[n * s + j] += tau * back * other[i * qb + n];
                }
        }
        for (int64_t n = 0; n < qa; n++)
            for (int64_t i = 0; i <= n; i++) {
                dA[n * s + i] += tau * own[n * qa + i];
                d_tau += A[n * s + i] * own[n * qa + i];
            }
    }
    return d_tau;
}

/* Fill y = tau A' c in the order of elimination. */
static void pull(const int64_t *I, Factors f, double tau, double *y) {
    const int64_t s = f.widest, *when = I + plan_of(I)->at_perm;
    for (int64_t k = 0; k < plan_of(I)->segments; k++) {
        const Segment *seg = segments_of(I) + k;
        if (seg->at_c == 0) continue;
        const double *A = factor_of(f, f.A, seg->left), *c = numbers(I, seg->at_c);
        const int64_t q = seg->rows_left, *out = when + seg->offset;
        for (int64_t unit = 0; unit < seg->pairs; unit++, c += q, out += q)
            for (int64_t i = 0; i < q; i++) {
                double value = A ? 0.0 : c[i];
                if (A)
                    for (int64_t n = i; n < q; n++) value += A[n * s + i] * c[n];
                y[out[i]] = tau * value;
            }
    }
}

/* Add what the derivative mu of tau A' c means for A; return it for tau. */
static double pull_gradient(const int64_t *I, Factors f, double tau, const double *mu) {
    const int64_t s = f.widest, *when = I + plan_of(I)->at_perm;
    double d_tau = 0.0;
    for (int64_t k = 0; k < plan_of(I)->segments; k++) {
        const Segment *seg = segments_of(I) + k;
        if (seg->at_c == 0) continue;
        const double *A = factor_of(f, f.A, seg->left), *c = numbers(I, seg->at_c);
        double *dA = A ? f.dA + seg->left * s * s : NULL;
        const int64_t q = seg->rows_left, *back = when + seg->offset;
        for (int64_t unit = 0; unit < seg->pairs; unit++, c += q, back += q)
            for (int64_t i = 0; i < q; i++) {
                if (!A) d_tau += mu[back[i]] * c[i];
                for (int64_t n = i; A && n < q; n++) {
                    dA[n * s + i] += tau * mu[back[i]] * c[n];
                    d_tau += A[n * s + i] * mu[back[i]] * c[n];
                }
            }
    }
    return d_tau;
}

/* Fill V with the factor of the precision and y with inv(L) c; 0 where it is not positive. */
static int factorise(const int64_t *I, Factors f, double tau, double *V, double *y, double *room) {
    const Shape p = shape_of(I);
    precision(I, f, tau, V, room);
    if (!eliminate_columns(p, V) || !NAME(eliminate_tail)(p.m, tail_of(p, V))) return 0;
    memset(y, 0, 8 * (size_t)(p.tail + p.m));
    pull(I, f, tau, y);
    lower(p, V, y);
    return 1;
}

/* Pull back through x = inv(L') (y + z) and -log det L, where slope is inv(L) times the
 * derivative in x. Adds to the factors' derivatives and to d_x at fields' parameters; returns that in tau. With slope equal
 * to y and without x it differentiates y'y / 2 instead. B, mu: room as V and y. */
static double factorise_gradient(const int64_t *I, Factors f, double tau, const double *V, const double *y, const double *x,
                                 const double *slope, double *B, double *mu, double *room, double *d_x) {
    const Shape p = shape_of(I);
    memset(B, 0, 8 * (size_t)plan_of(I)->size);
    memcpy(mu, slope, 8 * (size_t)(p.tail + p.m));
    upper(p, V, mu);
    if (x) add_outer(p, x, slope, B);
    add_outer(p, mu, y, B);
    for (int64_t j = 0; j < p.tail; j++) B[j] -= 1.0 / V[j];
    for (int64_t j = 0; j < p.m; j++) tail_of(p, B)[j * (p.m + 1)] -= 1.0 / V[p.edges[p.tail] + j * (p.m + 1)];
    pull_back(p, plan_of(I)->targets, V, B);
    EACH_FIELD(if (has_parameter(I, group)) d_x[field_at(I, g)] += field_gradient(I, group, chain, places, B))
    const double d_tau = precision_gradient(I, f, tau, B, room, block_size(I));
    return d_tau + pull_gradient(I, f, tau, mu);
}

/* What multiplies the rows' precision at the residual scale in x. */
static double precision_scale(const int64_t *I, const double *x) {
    const Plan *plan = plan_of(I);
    return plan->sigma < 0 ? 1.0 : m_exp(2.0 * (plan->reference - x[plan->sigma]));
}

/* Fill the scales' places of x with centre + factor z. */
static void spread_theta(const int64_t *I, const double *z, double *x) {
    const Plan *plan = plan_of(I);
    const double *factor = numbers(I, plan->at_factor), *centre = numbers(I, plan->at_centre);
    const int64_t *places = I + plan->at_theta;
    for (int64_t i = 0; i < plan->theta; factor += ++i) {
        double value = centre[i];
        for (int64_t j = 0; j <= i; j++) value += factor[j] * z[j];
        x[places[i]] = value;
    }
}

/* Fill the derivative in the scales' coordinates. */
static void spread_theta_gradient(const int64_t *I, const double *d_x, double *d_z) {
    const Plan *plan = plan_of(I);
    const double *factor = numbers(I, plan->at_factor);
    const int64_t *places = I + plan->at_theta;
    memset(d_z, 0, 8 * (size_t)plan->theta);
    for (int64_t i = 0; i < plan->theta; factor += ++i)
        for (int64_t j = 0; j <= i; j++) d_z[j] += factor[j] * d_x[places[i]];
}
