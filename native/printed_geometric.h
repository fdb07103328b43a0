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
            const double t4 = fabs(c->mean[0][j]);
            const int t7 = c->mean[0][j] < 0.0;
            const double t8 = -m_log1p(t4);
            const int t10 = data0[j] == 0.0;
            const double t11 = data0[j] * (c->mean[1][j] + t8);
            const double t13 = t8 + (t10 ? 0.0 : t11);
            const double t15 = t7 ? (-LARGE) : t13;
            const double t22 = (t7 ? (-1.0) : 1.0) * (1.0 / (t4 + 1.0));
            const double t25 = -(data0[j] * t22);
            const double t27 = (t10 ? 0.0 : t25) - t22;
            const double t28 = t7 ? 0.0 : t27;
            const double t29 = t10 ? 0.0 : data0[j];
            const double t30 = t7 ? 0.0 : t29;
            c->d[0][j] = t28;
            c->d[1][j] = t30;
            total += weighted(w[j], t15);
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
            const double t4 = fabs(c->mean[0][j]);
            const int t7 = c->mean[0][j] < 0.0;
            const double t8 = -m_log1p(t4);
            const int t10 = data0[j] == 0.0;
            const double t11 = data0[j] * (c->mean[1][j] + t8);
            const double t13 = t8 + (t10 ? 0.0 : t11);
            const double t15 = t7 ? (-LARGE) : t13;
            const double t19 = t7 ? (-1.0) : 1.0;
            const double t21 = 1.0 / (t4 + 1.0);
            const double t22 = t19 * t21;
            const double t25 = -(data0[j] * t22);
            const double t27 = (t10 ? 0.0 : t25) - t22;
            const double t28 = t7 ? 0.0 : t27;
            const double t29 = t10 ? 0.0 : data0[j];
            const double t30 = t7 ? 0.0 : t29;
            const double t33 = t19 * (t21 * t22);
            const double t35 = data0[j] * t33;
            const double t38 = t33 + (t10 ? 0.0 : t35);
            const double t39 = t7 ? 0.0 : t38;
            c->d[0][j] = t28;
            c->d[1][j] = t30;
            c->h[0][j] = t39;
            total += weighted(w[j], t15);
        }
        value += total;
        slopes(c, at, m, 3); curvatures(c, at, m, 3, 1, 0, 0, 0);
    }
    return value;
}
