/* Log-densities of single responses with their derivatives. Branches are choices between
 * numbers, so that loops over rows vectorise; family and link are known when compiled. */
typedef struct { double value, slope, own; } Row; /* slope in eta; own: in the family's parameter */

/* A family's own parameter, what its density needs of it alone, and that one's derivative. */
typedef struct { double own, log_own, a, b, by_own; } Own; /* by_own = 1 / own: rows multiply */

static Own own_of(int64_t family, double own) {
    Own o = {own, m_log(own), 0.0, 0.0, 1.0 / own};
    if (family == NEGATIVE_BINOMIAL_1) {
        o.a = m_log1p(own);
        o.b = 1.0 / (1.0 + own);
    }
    return o;
}

/* Derivative in eta from those in mu (d) or, where link is LOG, in log mu (d_log). */
INLINE double slope_from(int64_t link, Mean m, double d, double d_log) { return link == LOG ? d_log : d * m.slope; }

/* A count that mu cannot give has density zero, and no slope; exp(eta) can give all of them. */
INLINE Row possible(int64_t link, double y, double mu, Row r) {
    if (link == LOG) return r;
    const int not = (mu < 0.0) | ((mu == 0.0) & (y > 0.0));
    return (Row){pick(not, -(double)INFINITY, r.value), pick(not, 0.0, r.slope), pick(not, 0.0, r.own)};
}

/* y log mu, where zero times the log of zero is zero. */
INLINE double times_log(int64_t link, double y, Mean m) { return link == LOG ? y * m.log_mu : pick(y == 0.0, 0.0, y * m.log_mu); }

INLINE Row poisson_row(int64_t link, double y, double eta, Own o) {
    (void)o;
    const Mean m = mean_of(link, eta);
    const double log_part = times_log(link, y, m), per = pick(y == 0.0, 0.0, y / m.mu);
    return possible(link, y, m.mu, (Row){log_part - m.mu, slope_from(link, m, per - 1.0, y - m.mu), 0.0});
}

/* Without lgamma(own + y) - lgamma(own), which does not depend on mu: see rises(). */
INLINE Row negative_binomial_row(int64_t link, double y, double eta, Own o) {
    const Mean m = mean_of(link, eta);
    const double spare = m_log1p(m.mu * o.by_own), by_both = 1.0 / (o.own + m.mu), share = o.own * by_both;
    const double log_part = times_log(link, y, m), per = pick(y == 0.0, 0.0, y / m.mu);
    const double value = log_part - (y + o.own) * spare - y * o.log_own;
    const double slope = slope_from(link, m, (per - 1.0) * share, (y - m.mu) * share);
    return possible(link, y, m.mu, (Row){value, slope, (m.mu - y) * by_both - spare});
}

/* rise and d_rise: lgamma(size + y) - lgamma(size) at size = mu / own, and its derivative. */
INLINE Row negative_binomial_1_row(int64_t link, double y, double eta, Own o, double rise, double d_rise) {
    const Mean m = mean_of(link, eta);
    const double size = m.mu * o.by_own, slope = (d_rise - o.a) * o.by_own;
    const double d_own = size * o.by_own * (o.a - d_rise) + y * (o.by_own - o.b) - size * o.b;
    return possible(link, y, m.mu, (Row){rise + y * (o.log_own - o.a) - size * o.a, slope * m.slope, d_own});
}
