/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* gamma; own parameters: shape; data known for each row: 1. */
static double gamma_1(Rows *c) {
    const double own0 = c->own[0];
    const double t8 = m_log(own0);
    const double t17 = -m_lgamma(own0);
    const double t32 = own0 * (1.0 / own0);
    const double t35 = -m_digamma(own0);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = data0[j] - c->mean[1][j];
            const double t10 = m_exp(t7);
            const double t12 = (t7 + t8) - t10;
            const int t20 = c->mean[0][j] <= 0.0;
            const double t24 = (own0 * t12) + t17;
            const double t25 = t20 ? (-LARGE) : t24;
            const double t29 = own0 * (t10 + (-1.0));
            const double t30 = t20 ? 0.0 : t29;
            const double t36 = (t12 + t32) + t35;
            const double t37 = t20 ? 0.0 : t36;
            c->d[1][j] = t30;
            total += weighted(w[j], t25);
            d_own_0 += weighted(w[j], t37);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 2);
    }
    return value;
}
static double gamma_2(Rows *c) {
    const double own0 = c->own[0];
    const double t8 = m_log(own0);
    const double t17 = -m_lgamma(own0);
    const double t31 = 1.0 / own0;
    const double t32 = own0 * t31;
    const double t35 = -m_digamma(own0);
    const double t50 = (t31 + (t31 - (own0 * (t31 * t31)))) - m_trigamma(own0);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double h_own_0 = 0.0;
        SIMD_SUM(total, d_own_0, h_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = data0[j] - c->mean[1][j];
            const double t10 = m_exp(t7);
            const double t12 = (t7 + t8) - t10;
            const int t20 = c->mean[0][j] <= 0.0;
            const double t24 = (own0 * t12) + t17;
            const double t25 = t20 ? (-LARGE) : t24;
            const double t28 = t10 + (-1.0);
            const double t29 = own0 * t28;
            const double t30 = t20 ? 0.0 : t29;
            const double t36 = (t12 + t32) + t35;
            const double t37 = t20 ? 0.0 : t36;
            const double t39 = -(own0 * t10);
            const double t40 = t20 ? 0.0 : t39;
            const double t41 = t20 ? 0.0 : t28;
            const double t51 = t20 ? 0.0 : t50;
            c->d[1][j] = t30;
            c->h[2][j] = t40;
            c->mixed[0][1][j] = t41;
            total += weighted(w[j], t25);
            d_own_0 += weighted(w[j], t37);
            h_own_0 += weighted(w[j], t51);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 2); curvatures(c, at, m, 2, 4, 2, 0, 0);
    }
    return value;
}
