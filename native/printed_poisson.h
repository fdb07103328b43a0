/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* poisson; own parameters: none; data known for each row: 1. */
static double poisson_1(Rows *c) {
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        SIMD_SUM(total)
        for (int64_t j = 0; j < m; j++) {
            const int t5 = data0[j] == 0.0;
            const double t6 = c->mean[1][j] * data0[j];
            const double t9 = (t5 ? 0.0 : t6) - c->mean[0][j];
            const int t15 = c->mean[0][j] < 0.0;
            const double t19 = t15 ? (-LARGE) : t9;
            const double t21 = t15 ? 0.0 : (-1.0);
            const double t22 = t5 ? 0.0 : data0[j];
            const double t23 = t15 ? 0.0 : t22;
            c->d[0][j] = t21;
            c->d[1][j] = t23;
            total += weighted(w[j], t19);
        }
        value += total;
        slopes(c, at, m, 3);
    }
    return value;
}
static double poisson_2(Rows *c) {
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        SIMD_SUM(total)
        for (int64_t j = 0; j < m; j++) {
            const int t5 = data0[j] == 0.0;
            const double t6 = c->mean[1][j] * data0[j];
            const double t9 = (t5 ? 0.0 : t6) - c->mean[0][j];
            const int t15 = c->mean[0][j] < 0.0;
            const double t19 = t15 ? (-LARGE) : t9;
            const double t21 = t15 ? 0.0 : (-1.0);
            const double t22 = t5 ? 0.0 : data0[j];
            const double t23 = t15 ? 0.0 : t22;
            c->d[0][j] = t21;
            c->d[1][j] = t23;
            total += weighted(w[j], t19);
        }
        value += total;
        slopes(c, at, m, 3); curvatures(c, at, m, 3, 0, 0, 0, 0);
    }
    return value;
}
