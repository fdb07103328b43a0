/* Related levels: nodes at unit scale, u ~ N(0, inv(Q)), a row of independent terms for each.
 *
 * Q is constant, or that of a chain: each node is w times the one before it, plus noise of
 * variance v. The entries of Q are then, of node i and its parent p, 1/v at (i, i), -w/v at
 * (i, p), and w w/v at (p, p), where children add up. A chain has room for four numbers a node:
 * w, the precision r = 1/v, and their derivatives in the field's coordinate. */
typedef struct {
    const double *w, *r, *d_w, *d_r;
} Chain;

static int64_t chain_size(const int64_t *I, const Group *g) { return is_chain(I, g) ? 4 * g->levels : 0; }

static Chain chain_in(const double *room, int64_t n) { return (Chain){room, room + n, room + 2 * n, room + 3 * n}; }

/* Fill a chain where the field's coordinate is x. Returns the prior of the coordinate and
 * half log det Q for each term; fills their derivative. */
static double chain_forward(const int64_t *I, const Group *g, double x, double *room, double *grad) {
    const Field *field = field_of(I, g);
    const Prior *prior = (const Prior *)(I + field->at_prior);
    const Pair value = own_parameter(prior, x), found = own_prior(prior, x);
    const double *first = numbers(I, field->at_first), *second = numbers(I, field->at_second);
    const int64_t n = g->levels, *child = I + field->at_rows + n;
    double *w = room, *r = room + n, *d_w = room + 2 * n, *d_r = room + 3 * n, log_det = 0.0, slope = 0.0, product = 1.0;
    const double rate = field->law == RHO_LAW ? -m_log(value.value) : M_LN2 / value.value;
    const double d_rate = field->law == RHO_LAW ? -value.slope / value.value : -rate * value.slope / value.value;
    for (int64_t i = 0, k = 0; i < n; i++) {
        const int64_t inner = k < field->entries - n && child[k] == i;
        k += inner;
        if (field->law == MATERN_LAW || field->law == SQUARED_LAW) { /* 1/v = (1 + f rho^2)^e / (K rho^d), or with exp(f rho^2) */
            const double rho = value.value, scaled = first[i] * rho * rho, bell = field->law == SQUARED_LAW;
            const double fall = bell ? scaled : second[2] * m_log1p(scaled), pace = bell ? 1.0 : second[2] / (1.0 + scaled);
            const double power = fall - second[0] - second[1] * m_log(rho); /* a variance of 1e-100 is none */
            w[i] = d_w[i] = 0.0;
            r[i] = m_exp(m_min(power, 230.0));
            d_r[i] = power < 230.0 ? r[i] * (2.0 * pace * first[i] * rho - second[1] / rho) * value.slope : 0.0;
        } else if (field->law == SHARE_LAW) {
            w[i] = inner ? 1.0 : 0.0;
            d_w[i] = 0.0;
            r[i] = 1.0 / (first[i] + value.value * second[i]);
            d_r[i] = -r[i] * r[i] * second[i] * value.slope;
        } else if (inner) {
            const double kept = m_exp(-rate * first[i]);
            w[i] = kept;
            d_w[i] = -first[i] * d_rate * kept;
            r[i] = -1.0 / m_expm1(-2.0 * rate * first[i]);
            d_r[i] = 2.0 * kept * d_w[i] * r[i] * r[i];
        } else {
            w[i] = d_w[i] = d_r[i] = 0.0;
            r[i] = 1.0;
        }
        slope += d_r[i] / r[i];
        product *= r[i];
        if (product > 1e100 || product < 1e-100) {
            log_det += m_log(product);
            product = 1.0;
        }
    }
    log_det += m_log(product);
    *grad = found.slope + 0.5 * (double)g->terms * slope;
    return found.value + 0.5 * (double)g->terms * log_det;
}

/* Return -u'Q u / 2 and add its derivative in u to d_u; that in the field's coordinate is added to grad. */
static double field_prior(const int64_t *I, const Group *g, const double *room, const double *u, double *d_u, double *grad) {
    const Field *field = field_of(I, g);
    const int64_t n = g->levels, q = g->terms, *row = I + field->at_rows, *column = I + field->at_columns;
    double total = 0.0;
    if (!is_chain(I, g)) {
        const double *Q = numbers(I, field->at_values);
        for (int64_t k = 0; k < field->entries; k++) {
            const double *a = u + row[k] * q, *b = u + column[k] * q;
            double *d_a = d_u + row[k] * q, *d_b = d_u + column[k] * q;
            const double one = k < n ? 0.5 * Q[k] : Q[k];
            for (int64_t t = 0; t < q; t++) {
                total -= one * a[t] * b[t];
                d_a[t] -= one * b[t];
                d_b[t] -= one * a[t];
            }
        }
        return total;
    }
    const Chain c = chain_in(room, n);
    const int64_t *child = row + n, *parent = column + n;
    double slope = 0.0;
    for (int64_t i = 0, k = 0; i < n; i++) {
        const int64_t p = k < field->entries - n && child[k] == i ? parent[k++] : -1;
        for (int64_t t = 0; t < q; t++) {
            const double before = p < 0 ? 0.0 : u[p * q + t], rest = u[i * q + t] - c.w[i] * before, pull = c.r[i] * rest;
            total -= 0.5 * pull * rest;
            slope += pull * before * c.d_w[i] - 0.5 * rest * rest * c.d_r[i];
            d_u[i * q + t] -= pull;
            if (p >= 0) d_u[p * q + t] += c.w[i] * pull;
        }
    }
    *grad += slope;
    return total;
}

/* Add Q to the matrix whose values are V, each entry of each term at its place. */
static void add_field(const int64_t *I, const Group *g, const double *room, const int64_t *places, double *V) {
    const Field *field = field_of(I, g);
    const int64_t n = g->levels, q = g->terms;
    if (!is_chain(I, g)) {
        const double *Q = numbers(I, field->at_values);
        for (int64_t k = 0; k < field->entries; k++)
            for (int64_t t = 0; t < q; t++) V[places[k * q + t]] += Q[k];
        return;
    }
    const Chain c = chain_in(room, n);
    const int64_t *child = I + field->at_rows, *parent = I + field->at_columns;
    for (int64_t i = 0; i < n; i++)
        for (int64_t t = 0; t < q; t++) V[places[i * q + t]] += c.r[i];
    for (int64_t k = n; k < field->entries; k++) {
        const double w = c.w[child[k]], r = c.r[child[k]];
        for (int64_t t = 0; t < q; t++) {
            V[places[k * q + t]] -= w * r;
            V[places[parent[k] * q + t]] += w * w * r;
        }
    }
}

/* Return what the derivative B of that matrix means for the field's coordinate. */
static double field_gradient(const int64_t *I, const Group *g, const double *room, const int64_t *places, const double *B) {
    const Field *field = field_of(I, g);
    if (!is_chain(I, g)) return 0.0;
    const int64_t n = g->levels, q = g->terms;
    const Chain c = chain_in(room, n);
    const int64_t *child = I + field->at_rows, *parent = I + field->at_columns;
    double slope = 0.0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t t = 0; t < q; t++) slope += B[places[i * q + t]] * c.d_r[i];
    for (int64_t k = n; k < field->entries; k++) {
        const double w = c.w[child[k]], r = c.r[child[k]], d_w = c.d_w[child[k]], d_r = c.d_r[child[k]];
        for (int64_t t = 0; t < q; t++) {
            slope -= B[places[k * q + t]] * (d_w * r + w * d_r);
            slope += B[places[parent[k] * q + t]] * (2.0 * w * d_w * r + w * w * d_r);
        }
    }
    return slope;
}
