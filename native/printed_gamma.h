/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* gamma; own parameters: shape; data known for each row: 1. */
static double gamma_1(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = m_log(own0);
    const double t1 = -m_lgamma(own0);
    const double t2 = own0 * (1.0 / own0);
    const double t3 = -m_digamma(own0);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t4 = data0[j] - c->mean[1][j];
            const double t5 = m_exp(t4);
            const double t6 = (t4 + t0) - t5;
            const int t7 = c->mean[0][j] <= 0.0;
            const double t8 = (own0 * t6) + t1;
            const double t9 = t7 ? (-LARGE) : t8;
            const double t10 = own0 * (t5 - 1.0);
            const double t11 = t7 ? 0.0 : t10;
            const double t12 = (t6 + t2) + t3;
            const double t13 = t7 ? 0.0 : t12;
            c->d[1][j] = t11;
            total += weighted(w[j], t9);
            d_own_0 += weighted(w[j], t13);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 2);
    }
    return value;
}
static double gamma_2(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = m_log(own0);
    const double t1 = -m_lgamma(own0);
    const double t2 = 1.0 / own0;
    const double t3 = own0 * t2;
    const double t4 = -m_digamma(own0);
    const double t5 = (t2 + (t2 - (own0 * (t2 * t2)))) - m_trigamma(own0);
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
            const double t6 = data0[j] - c->mean[1][j];
            const double t7 = m_exp(t6);
            const double t8 = (t6 + t0) - t7;
            const int t9 = c->mean[0][j] <= 0.0;
            const double t10 = (own0 * t8) + t1;
            const double t11 = t9 ? (-LARGE) : t10;
            const double t12 = t7 - 1.0;
            const double t13 = own0 * t12;
            const double t14 = t9 ? 0.0 : t13;
            const double t15 = (t8 + t3) + t4;
            const double t16 = t9 ? 0.0 : t15;
            const double t17 = -(own0 * t7);
            const double t18 = t9 ? 0.0 : t17;
            const double t19 = t9 ? 0.0 : t12;
            const double t20 = t9 ? 0.0 : t5;
            c->d[1][j] = t14;
            c->h[2][j] = t18;
            c->mixed[0][1][j] = t19;
            total += weighted(w[j], t11);
            d_own_0 += weighted(w[j], t16);
            h_own_0 += weighted(w[j], t20);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 2); curvatures(c, at, m, 2, 4, 2, 0, 0);
    }
    return value;
}
