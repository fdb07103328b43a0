/* Priors in the sampler's coordinates: values and derivatives. */

typedef struct { double value, slope; } Pair;

/* Log-density of a location-scale prior in its standardised coordinate. */
static Pair standardised_prior(int64_t kind, double z, double nu) {
    switch (kind) {
    case NORMAL_PRIOR: return (Pair){-0.5 * z * z, -z};
    case STUDENT_T_PRIOR: return (Pair){-0.5 * (nu + 1.0) * m_log1p(z * z / nu), -(nu + 1.0) * z / (nu + z * z)};
    case LAPLACE_PRIOR: return (Pair){-fabs(z), z > 0.0 ? -1.0 : 1.0};
    default: return (Pair){-fabs(z) - 2.0 * m_log1p(m_exp(-fabs(z))), -tanh(0.5 * z)};
    }
}

/* Log-density of exp(x), Jacobian included, and its derivative in x. */
static Pair positive_prior(int64_t kind, double x, double a, double b) {
    const double v = m_exp(x);
    double r;
    switch (kind) {
    case HALF_NORMAL_PRIOR:
        r = (v / a) * (v / a);
        return (Pair){x - 0.5 * r, 1.0 - r};
    case HALF_STUDENT_T_PRIOR:
        r = (v / b) * (v / b) / a;
        return (Pair){x - 0.5 * (a + 1.0) * m_log1p(r), 1.0 - (a + 1.0) * r / (1.0 + r)};
    case GAMMA_PRIOR: return (Pair){a * x - b * v, a - b * v};
    case INVERSE_GAMMA_PRIOR: return (Pair){-a * x - b / v, b / v - a};
    default:
        r = (x - a) / b;
        return (Pair){-0.5 * r * r, -r / b};
    }
}

/* A family's parameter from its coordinate, and the derivative. One with a prior of real numbers is
 * standardised by it; a held one has no coordinate. */
static Pair own_parameter(const Prior *prior, double x) {
    const double p = m_sigmoid(x), v = m_exp(x);
    switch (prior->kind) {
    case NORMAL_PRIOR:
    case STUDENT_T_PRIOR:
    case LAPLACE_PRIOR:
    case LOGISTIC_PRIOR: return (Pair){prior->a + prior->b * x, prior->b};
    case SHARE_PRIOR: return (Pair){p, p * (1.0 - p)};
    case POWER_PRIOR: return (Pair){1.0 + p, p * (1.0 - p)};
    case HELD_PRIOR: return (Pair){prior->a, 0.0};
    default: return (Pair){v, v};
    }
}

/* Log-density of a family's parameter in its coordinate, and the derivative. */
static Pair own_prior(const Prior *prior, double x) {
    const double a = prior->a, b = prior->b, p = m_sigmoid(x), rest = m_log1p(m_exp(-fabs(x)));
    switch (prior->kind) {
    case NORMAL_PRIOR:
    case STUDENT_T_PRIOR:
    case LAPLACE_PRIOR:
    case LOGISTIC_PRIOR: return standardised_prior(prior->kind, x, prior->c);
    case SHARE_PRIOR:
    case POWER_PRIOR: return (Pair){a * (m_min(x, 0.0) - rest) - b * (m_max(x, 0.0) + rest), a * (1.0 - p) - b * p};
    case HELD_PRIOR: return (Pair){0.0, 0.0};
    default: return positive_prior(prior->kind, x, a, b);
    }
}

/* Log-density of a half-normal or half-t prior folded out, and its derivative. */
static Pair signed_prior(int64_t kind, double v, double a, double b) {
    if (kind == HALF_NORMAL_PRIOR) return (Pair){-0.5 * (v / a) * (v / a), -v / (a * a)};
    const double r = (v / b) * (v / b) / a;
    return (Pair){-0.5 * (a + 1.0) * m_log1p(r), -(a + 1.0) * v / (a * b * b * (1.0 + r))};
}

/* Fill a block of L, s numbers to a row, with rows of unit norm made of free numbers x.
 * Returns the log-density of the LKJ prior with its Jacobian, up to constants, divided
 * by -power / 2; fills its derivative. */
static double correlation_factor(int64_t width, int64_t s, const double *x, double *L, double power, double *grad) {
    double total = 0.0;
    for (int64_t i = 1, at = 0; i < width; at += i, i++) {
        double square = 1.0;
        for (int64_t j = 0; j < i; j++) square += x[at + j] * x[at + j];
        const double length = sqrt(square);
        for (int64_t j = 0; j < i; j++) {
            L[i * s + j] = x[at + j] / length;
            grad[at + j] = -power * x[at + j] / square;
        }
        L[i * s + i] = 1.0 / length;
        total += m_log(square);
    }
    return total;
}

/* Add what the derivative of L means for the free numbers. */
static void factor_gradient(int64_t width, int64_t s, const double *L, const double *dL, double *grad) {
    for (int64_t i = 1, at = 0; i < width; at += i, i++) {
        double along = 0.0;
        for (int64_t j = 0; j <= i; j++) along += dL[i * s + j] * L[i * s + j];
        for (int64_t j = 0; j < i; j++) grad[at + j] += L[i * s + i] * (dL[i * s + j] - L[i * s + j] * along);
    }
}
