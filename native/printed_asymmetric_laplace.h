/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* asymmetric_laplace; own parameters: sigma, quantile; data known for each row: 1. */
static double asymmetric_laplace_1(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t0 = -own1;
    const double t1 = (m_log(own1) + m_log1p(t0)) - m_log(own0);
    const double t2 = own1 - 1.0;
    const double t3 = 1.0 / own0;
    const double t4 = -(t2 * t3);
    const double t5 = -(own1 * t3);
    const double t6 = (1.0 / own1) - (1.0 / (t0 + 1.0));
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 1, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double d_own_1 = 0.0;
        SIMD_SUM(total, d_own_0, d_own_1)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = (data0[j] - c->mean[0][j]) / own0;
            const int t8 = t7 < 0.0;
            const double t9 = t7 * t2;
            const double t10 = own1 * t7;
            const double t11 = t1 - (t8 ? t9 : t10);
            const double t12 = -(t8 ? t4 : t5);
            const double t13 = t7 * t3;
            const double t14 = -(t2 * t13);
            const double t15 = -(own1 * t13);
            const double t16 = -(t3 + (t8 ? t14 : t15));
            const double t17 = t6 - t7;
            c->d[0][j] = t12;
            total += weighted(w[j], t11);
            d_own_0 += weighted(w[j], t16);
            d_own_1 += weighted(w[j], t17);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->d_own[1] += d_own_1;
        slopes(c, at, m, 1);
    }
    return value;
}
static double asymmetric_laplace_2(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t0 = -own1;
    const double t1 = (m_log(own1) + m_log1p(t0)) - m_log(own0);
    const double t2 = own1 - 1.0;
    const double t3 = 1.0 / own0;
    const double t4 = -(t2 * t3);
    const double t5 = -(own1 * t3);
    const double t6 = 1.0 / own1;
    const double t7 = 1.0 / (t0 + 1.0);
    const double t8 = t6 - t7;
    const double t9 = t3 * t3;
    const double t10 = -t9;
    const double t11 = t2 * t9;
    const double t12 = own1 * t9;
    const double t13 = -((t6 * t6) + (t7 * t7));
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 1, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double d_own_1 = 0.0;
        double h_own_0 = 0.0;
        double h_own_2 = 0.0;
        double h_own_3 = 0.0;
        SIMD_SUM(total, d_own_0, d_own_1, h_own_0, h_own_2, h_own_3)
        for (int64_t j = 0; j < m; j++) {
            const double t14 = (data0[j] - c->mean[0][j]) / own0;
            const int t15 = t14 < 0.0;
            const double t16 = t14 * t2;
            const double t17 = own1 * t14;
            const double t18 = t1 - (t15 ? t16 : t17);
            const double t19 = -(t15 ? t4 : t5);
            const double t20 = t14 * t3;
            const double t21 = -(t2 * t20);
            const double t22 = -(own1 * t20);
            const double t23 = -(t3 + (t15 ? t21 : t22));
            const double t24 = t8 - t14;
            const double t25 = -(t15 ? t11 : t12);
            const double t26 = (t3 * t20) + (t14 * t9);
            const double t27 = t2 * t26;
            const double t28 = own1 * t26;
            const double t29 = -(t10 + (t15 ? t27 : t28));
            c->d[0][j] = t19;
            c->mixed[0][0][j] = t25;
            c->mixed[1][0][j] = t3;
            total += weighted(w[j], t18);
            d_own_0 += weighted(w[j], t23);
            d_own_1 += weighted(w[j], t24);
            h_own_0 += weighted(w[j], t29);
            h_own_2 += weighted(w[j], t20);
            h_own_3 += weighted(w[j], t13);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->d_own[1] += d_own_1;
        c->h_own[0] += h_own_0;
        c->h_own[2] += h_own_2;
        c->h_own[3] += h_own_3;
        slopes(c, at, m, 1); curvatures(c, at, m, 1, 0, 1, 1, 0);
    }
    return value;
}
