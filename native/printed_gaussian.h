/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* gaussian; own parameters: sigma; data known for each row: 1. */
static double gaussian_1(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = m_log(own0);
    const double t1 = 1.0 / own0;
    const double t2 = 0.5 * t1;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 1, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t3 = (data0[j] - c->mean[0][j]) / own0;
            const double t4 = t3 * 0.5;
            const double t5 = -((t3 * t4) + t0);
            const double t6 = (t4 * t1) + (t3 * t2);
            const double t7 = t3 * t1;
            const double t8 = -(t1 - ((t4 * t7) + (t3 * (0.5 * t7))));
            c->d[0][j] = t6;
            total += weighted(w[j], t5);
            d_own_0 += weighted(w[j], t8);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 1);
    }
    return value;
}
static double gaussian_2(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = m_log(own0);
    const double t1 = 1.0 / own0;
    const double t2 = 0.5 * t1;
    const double t3 = -((t1 * t2) * 2.0);
    const double t4 = t1 * t1;
    const double t5 = -t4;
    const double t6 = 0.5 * t4;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 1, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double h_own_0 = 0.0;
        SIMD_SUM(total, d_own_0, h_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = (data0[j] - c->mean[0][j]) / own0;
            const double t8 = t7 * 0.5;
            const double t9 = -((t7 * t8) + t0);
            const double t10 = (t8 * t1) + (t7 * t2);
            const double t11 = t7 * t1;
            const double t12 = 0.5 * t11;
            const double t13 = -(t1 - ((t8 * t11) + (t7 * t12)));
            const double t14 = -(((t1 * t12) + (t8 * t4)) + ((t2 * t11) + (t7 * t6)));
            const double t15 = (t1 * t11) + (t7 * t4);
            const double t16 = t11 * t12;
            const double t17 = -(t5 + ((t16 + (t8 * t15)) + (t16 + (t7 * (0.5 * t15)))));
            c->d[0][j] = t10;
            c->h[0][j] = t3;
            c->mixed[0][0][j] = t14;
            total += weighted(w[j], t9);
            d_own_0 += weighted(w[j], t13);
            h_own_0 += weighted(w[j], t17);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 1); curvatures(c, at, m, 1, 1, 1, 0, 0);
    }
    return value;
}
