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
            const int t0 = data0[j] == 0.0;
            const double t1 = c->mean[1][j] * data0[j];
            const double t2 = (t0 ? 0.0 : t1) - c->mean[0][j];
            const int t3 = c->mean[0][j] < 0.0;
            const double t4 = t3 ? (-LARGE) : t2;
            const double t5 = t3 ? 0.0 : (-1.0);
            const double t6 = t0 ? 0.0 : data0[j];
            const double t7 = t3 ? 0.0 : t6;
            c->d[0][j] = t5;
            c->d[1][j] = t7;
            total += weighted(w[j], t4);
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
            const int t0 = data0[j] == 0.0;
            const double t1 = c->mean[1][j] * data0[j];
            const double t2 = (t0 ? 0.0 : t1) - c->mean[0][j];
            const int t3 = c->mean[0][j] < 0.0;
            const double t4 = t3 ? (-LARGE) : t2;
            const double t5 = t3 ? 0.0 : (-1.0);
            const double t6 = t0 ? 0.0 : data0[j];
            const double t7 = t3 ? 0.0 : t6;
            c->d[0][j] = t5;
            c->d[1][j] = t7;
            total += weighted(w[j], t4);
        }
        value += total;
        slopes(c, at, m, 3); curvatures(c, at, m, 3, 0, 0, 0, 0);
    }
    return value;
}
