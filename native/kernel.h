/* The density that is sampled: a program's, moved to the sampler's coordinates. */

/* Room for a plan's matrices, taken from one allocation a call. */
typedef struct {
    Factors f;
    Quadratic q;
    double *x, *d_x, *V, *y, *B, *mu, *slope, *w, *blocks, *rest;
} Moved;

static int64_t moved_size(const int64_t *I) {
    const Plan *plan = plan_of(I);
    const int64_t quadratic = ((const Program *)I)->mode == TAYLOR ? taylor_size(plan->theta) : 0;
    return 2 * ((const Program *)I)->dim + 2 * plan->size + 4 * plan->scalars + 3 * block_size(I) + factors_size(I) + quadratic;
}

static Moved moved_in(const int64_t *I, double *room) {
    const Plan *plan = plan_of(I);
    const int64_t dim = ((const Program *)I)->dim, n = plan->scalars;
    Moved m = {.f = factors_in(I, room)};
    m.x = room + factors_size(I);
    m.d_x = m.x + dim;
    m.V = m.d_x + dim;
    m.B = m.V + plan->size;
    m.y = m.B + plan->size;
    m.mu = m.y + n;
    m.slope = m.mu + n;
    m.w = m.slope + n;
    m.blocks = m.w + n;
    m.rest = m.blocks + 3 * block_size(I);
    if (((const Program *)I)->mode == TAYLOR) {
        m.q = quadratic_in(plan->theta, m.rest);
        m.rest += taylor_size(plan->theta);
    }
    memset(m.x, 0, 16 * (size_t)dim);
    return m;
}

/* Fill the program's coordinates m.x; return the log volume, nan where there is none. Leaves
 * the factor in m.V, inv(L) c in m.y and the groups' factors. */
static double to_program(const int64_t *I, const double *z, const double *rest, Moved m) {
    const Plan *plan = plan_of(I);
    const Shape p = shape_of(I);
    const int64_t n = plan->scalars, *order = I + plan->at_order, frozen = ((const Program *)I)->mode == FROZEN;
    double volume = 0.0;
    spread_theta(I, z, m.x);
    if (((const Program *)I)->mode == TAYLOR) {
        quadratic_at(m.q, z);
        volume = taylor_forward(I, m.q, m.V, m.y);
        memcpy(m.w, rest, 8 * (size_t)n);
        upper(p, m.V, m.w);
        for (int64_t k = 0; k < n; k++) m.x[order[k]] = m.y[k] + m.w[k];
        return volume;
    }
    if (frozen) {
        memcpy(m.V, numbers(I, plan->at_values), 8 * (size_t)plan->size);
        memset(m.y, 0, 8 * (size_t)n);
    } else {
        all_scales(I, m.x, m.f, m.d_x);
        if (!factorise(I, m.f, precision_scale(I, m.x), m.V, m.y, m.blocks)) return NAN;
        volume = -log_diagonal(p, m.V);
    }
    for (int64_t k = 0; k < n; k++) m.w[k] = m.y[k] + rest[k];
    upper(p, m.V, m.w);
    const double *middle = numbers(I, plan->at_middle);
    for (int64_t k = 0; k < n; k++) m.x[order[k]] = m.w[k] + (frozen ? middle[k] : 0.0);
    return volume;
}

/* Pull the derivative of the program's density back to the sampler's coordinates. */
static void from_program(const int64_t *I, Moved m, double *d_z) {
    const Plan *plan = plan_of(I);
    const Shape p = shape_of(I);
    const int64_t n = plan->scalars, *order = I + plan->at_order, taylor = ((const Program *)I)->mode == TAYLOR;
    for (int64_t k = 0; k < n; k++) m.slope[k] = m.d_x[order[k]];
    if (taylor) memcpy(m.mu, m.slope, 8 * (size_t)n);
    lower(p, m.V, m.slope);
    memcpy(d_z + plan->theta, m.slope, 8 * (size_t)n);
    if (((const Program *)I)->mode == ADAPTIVE) {
        const double tau = precision_scale(I, m.x);
        const double d_tau = factorise_gradient(I, m.f, tau, m.V, m.y, m.w, m.slope, m.B, m.mu, m.blocks, m.d_x);
        all_scales_gradient(I, m.f, m.d_x);
        if (plan->sigma >= 0) m.d_x[plan->sigma] -= 2.0 * tau * d_tau;
    }
    spread_theta_gradient(I, m.d_x, d_z);
    if (taylor) {
        taylor_gradient(I, m.q, m.V, m.w, m.slope, m.mu, m.B);
        quadratic_gradient(m.q, d_z);
    }
}

/* Log-density of the scales of a Gaussian model, everything linear integrated out. */
static double collapsed_density(const int64_t *I, const double *z, double *d_z, Moved m) {
    const Plan *plan = plan_of(I);
    const Shape p = shape_of(I);
    const Prior *prior = (const Prior *)(I + ((const Program *)I)->at_parameter_prior);
    const int64_t sigma = plan->sigma;
    spread_theta(I, z, m.x);
    double value = plan->constant + all_scales(I, m.x, m.f, m.d_x);
    const Pair own = positive_prior(prior->kind, m.x[sigma], prior->a, prior->b);
    const double tau = precision_scale(I, m.x);
    if (!factorise(I, m.f, tau, m.V, m.y, m.blocks)) return -(double)INFINITY;
    value += own.value - plan->observations * m.x[sigma] - 0.5 * tau * plan->squares;
    for (int64_t k = 0; k < plan->scalars; k++) value += 0.5 * m.y[k] * m.y[k];
    value -= log_diagonal(p, m.V);
    double d_tau = -0.5 * plan->squares;
    d_tau += factorise_gradient(I, m.f, tau, m.V, m.y, NULL, m.y, m.B, m.mu, m.blocks, m.d_x);
    all_scales_gradient(I, m.f, m.d_x);
    m.d_x[sigma] += own.slope - plan->observations - 2.0 * tau * d_tau;
    spread_theta_gradient(I, m.d_x, d_z);
    return value;
}

enum { NO_GRADIENT = 3, NO_VALUE = 4 };

/* Log-density and gradient as nutpie asks for them: 0, or a number that refuses the point. */
int64_t NAME(density)(uint64_t dim, const double *x, double *grad, double *value, const int64_t *I) {
    const Program *h = (const Program *)I;
    if ((int64_t)dim != (h->mode == COLLAPSED ? plan_of(I)->theta : h->dim)) return NO_VALUE;
    const int64_t moved = h->mode == PLAIN ? 0 : moved_size(I), plain = h->mode == COLLAPSED ? 0 : posterior_size(I);
    double *room = malloc(8 * (size_t)(moved + plain));
    if (!room) return NO_VALUE;
    if (h->mode == PLAIN) {
        *value = log_posterior(I, x, grad, room);
    } else {
        const Moved m = moved_in(I, room);
        if (h->mode == COLLAPSED) {
            *value = collapsed_density(I, x, grad, m);
        } else {
            *value = to_program(I, x, x + plan_of(I)->theta, m);
            if (isfinite(*value)) {
                memset(m.d_x, 0, 8 * (size_t)h->dim);
                *value += log_posterior(I, m.x, m.d_x, m.rest);
                from_program(I, m, grad);
            }
        }
    }
    free(room);
    if (!isfinite(*value)) return NO_VALUE;
    int64_t good = 1;
    for (uint64_t i = 0; i < dim; i++) good &= isfinite(grad[i]) != 0;
    return good ? 0 : NO_GRADIENT;
}

/* Turn the sampler's draws, each `width` numbers, into the program's coordinates. `noise`
 * holds the standard normal numbers of each draw for what was integrated out, or is NULL.
 * Returns 0 where there is no memory. */
int64_t NAME(restore)(const int64_t *I, int64_t draws, int64_t width, const double *given, const double *noise, double *out) {
    const Program *h = (const Program *)I;
    const Plan *plan = plan_of(I);
    double *room = malloc(8 * (size_t)moved_size(I));
    if (!room) return 0;
    Moved m = moved_in(I, room);
    for (int64_t k = 0; k < draws; k++) {
        const double *z = given + k * width;
        m.x = out + k * h->dim;
        to_program(I, z, noise ? noise + k * plan->scalars : z + plan->theta, m);
    }
    free(room);
    return 1;
}

/* The sampler keeps draws as they are. */
int64_t NAME(expand)(uint64_t dim, uint64_t expanded, const double *x, double *out, const int64_t *I) {
    (void)expanded;
    (void)I;
    memcpy(out, x, 8 * dim);
    return 0;
}
