/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* geometric; own parameters: none; data known for each row: 1. */
static double geometric_1(Rows *c) {
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        SIMD_SUM(total)
        for (int64_t j = 0; j < m; j++) {
            const double t0 = fabs(c->mean[0][j]);
            const int t1 = c->mean[0][j] < 0.0;
            const double t2 = -m_log1p(t0);
            const int t3 = data0[j] == 0.0;
            const double t4 = data0[j] * (c->mean[1][j] + t2);
            const double t5 = t2 + (t3 ? 0.0 : t4);
            const double t6 = t1 ? (-LARGE) : t5;
            const double t7 = (t1 ? (-1.0) : 1.0) * (1.0 / (t0 + 1.0));
            const double t8 = -(data0[j] * t7);
            const double t9 = (t3 ? 0.0 : t8) - t7;
            const double t10 = t1 ? 0.0 : t9;
            const double t11 = t3 ? 0.0 : data0[j];
            const double t12 = t1 ? 0.0 : t11;
            c->d[0][j] = t10;
            c->d[1][j] = t12;
            total += weighted(w[j], t6);
        }
        value += total;
        slopes(c, at, m, 3);
    }
    return value;
}
static double geometric_2(Rows *c) {
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        SIMD_SUM(total)
        for (int64_t j = 0; j < m; j++) {
            const double t0 = fabs(c->mean[0][j]);
            const int t1 = c->mean[0][j] < 0.0;
            const double t2 = -m_log1p(t0);
            const int t3 = data0[j] == 0.0;
            const double t4 = data0[j] * (c->mean[1][j] + t2);
            const double t5 = t2 + (t3 ? 0.0 : t4);
            const double t6 = t1 ? (-LARGE) : t5;
            const double t7 = t1 ? (-1.0) : 1.0;
            const double t8 = 1.0 / (t0 + 1.0);
            const double t9 = t7 * t8;
            const double t10 = -(data0[j] * t9);
            const double t11 = (t3 ? 0.0 : t10) - t9;
            const double t12 = t1 ? 0.0 : t11;
            const double t13 = t3 ? 0.0 : data0[j];
            const double t14 = t1 ? 0.0 : t13;
            const double t15 = t7 * (t8 * t9);
            const double t16 = data0[j] * t15;
            const double t17 = t15 + (t3 ? 0.0 : t16);
            const double t18 = t1 ? 0.0 : t17;
            c->d[0][j] = t12;
            c->d[1][j] = t14;
            c->h[0][j] = t18;
            total += weighted(w[j], t6);
        }
        value += total;
        slopes(c, at, m, 3); curvatures(c, at, m, 3, 1, 0, 0, 0);
    }
    return value;
}
