/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* lognormal; own parameters: sigma; data known for each row: 1. */
static double lognormal_1(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = m_log(own0);
    const double t1 = 1.0 / own0;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 2, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t2 = (data0[j] - c->mean[1][j]) / own0;
            const double t3 = -(((t2 * t2) * 0.5) + t0);
            const double t4 = t2 * t1;
            const double t5 = -(t1 - (t2 * t4));
            c->d[1][j] = t4;
            total += weighted(w[j], t3);
            d_own_0 += weighted(w[j], t5);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 2);
    }
    return value;
}
static double lognormal_2(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = m_log(own0);
    const double t1 = 1.0 / own0;
    const double t2 = t1 * t1;
    const double t3 = -t2;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 2, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double h_own_0 = 0.0;
        SIMD_SUM(total, d_own_0, h_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t4 = (data0[j] - c->mean[1][j]) / own0;
            const double t5 = -(((t4 * t4) * 0.5) + t0);
            const double t6 = t4 * t1;
            const double t7 = -(t1 - (t4 * t6));
            const double t8 = (t1 * t6) + (t4 * t2);
            const double t9 = -t8;
            const double t10 = -(t3 + ((t6 * t6) + (t4 * t8)));
            c->d[1][j] = t6;
            c->h[2][j] = t3;
            c->mixed[0][1][j] = t9;
            total += weighted(w[j], t5);
            d_own_0 += weighted(w[j], t7);
            h_own_0 += weighted(w[j], t10);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 2); curvatures(c, at, m, 2, 4, 2, 0, 0);
    }
    return value;
}
