/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* weibull; own parameters: shape; data known for each row: 1. */
static double weibull_1(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = 1.0 / own0;
    const double t1 = 1.0 + t0;
    const double t2 = m_lgamma(t1);
    const double t3 = m_log(own0);
    const double t4 = -own0;
    const double t5 = -(own0 * ((t0 * t0) * m_digamma(t1)));
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t6 = (data0[j] - c->mean[1][j]) + t2;
            const double t7 = own0 * t6;
            const int t8 = c->mean[0][j] <= 0.0;
            const double t9 = m_exp(t7);
            const double t10 = (t7 + t3) - t9;
            const double t11 = t8 ? (-LARGE) : t10;
            const double t12 = t4 + (own0 * t9);
            const double t13 = t8 ? 0.0 : t12;
            const double t14 = t6 + t5;
            const double t15 = (t0 + t14) - (t9 * t14);
            const double t16 = t8 ? 0.0 : t15;
            c->d[1][j] = t13;
            total += weighted(w[j], t11);
            d_own_0 += weighted(w[j], t16);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 2);
    }
    return value;
}
static double weibull_2(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = 1.0 / own0;
    const double t1 = 1.0 + t0;
    const double t2 = m_lgamma(t1);
    const double t3 = m_log(own0);
    const double t4 = -own0;
    const double t5 = t0 * t0;
    const double t6 = m_digamma(t1);
    const double t7 = t5 * t6;
    const double t8 = -(own0 * t7);
    const double t9 = t7 + (t7 - (own0 * ((t6 * ((t0 * t5) * 2.0)) + (t5 * (t5 * m_trigamma(t1))))));
    const double t10 = t5 + t9;
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
            const double t11 = (data0[j] - c->mean[1][j]) + t2;
            const double t12 = own0 * t11;
            const int t13 = c->mean[0][j] <= 0.0;
            const double t14 = m_exp(t12);
            const double t15 = (t12 + t3) - t14;
            const double t16 = t13 ? (-LARGE) : t15;
            const double t17 = own0 * t14;
            const double t18 = t4 + t17;
            const double t19 = t13 ? 0.0 : t18;
            const double t20 = t11 + t8;
            const double t21 = t14 * t20;
            const double t22 = (t0 + t20) - t21;
            const double t23 = t13 ? 0.0 : t22;
            const double t24 = -(own0 * t17);
            const double t25 = t13 ? 0.0 : t24;
            const double t26 = (t14 + (own0 * t21)) - 1.0;
            const double t27 = t13 ? 0.0 : t26;
            const double t28 = -(t10 + ((t20 * t21) - (t14 * t9)));
            const double t29 = t13 ? 0.0 : t28;
            c->d[1][j] = t19;
            c->h[2][j] = t25;
            c->mixed[0][1][j] = t27;
            total += weighted(w[j], t16);
            d_own_0 += weighted(w[j], t23);
            h_own_0 += weighted(w[j], t29);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 2); curvatures(c, at, m, 2, 4, 2, 0, 0);
    }
    return value;
}
