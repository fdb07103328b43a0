/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* bernoulli; own parameters: none; data known for each row: 1. */
static double bernoulli_1(Rows *c) {
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 6, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        SIMD_SUM(total)
        for (int64_t j = 0; j < m; j++) {
            const int t0 = data0[j] == 0.0;
            const double t1 = c->mean[1][j] * data0[j];
            const double t2 = 1.0 - data0[j];
            const int t3 = 0.0 == t2;
            const double t4 = c->mean[2][j] * t2;
            const double t5 = (t0 ? 0.0 : t1) + (t3 ? 0.0 : t4);
            const double t6 = t0 ? 0.0 : data0[j];
            const double t7 = t3 ? 0.0 : t2;
            c->d[1][j] = t6;
            c->d[2][j] = t7;
            total += weighted(w[j], t5);
        }
        value += total;
        slopes(c, at, m, 6);
    }
    return value;
}
static double bernoulli_2(Rows *c) {
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 6, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        SIMD_SUM(total)
        for (int64_t j = 0; j < m; j++) {
            const int t0 = data0[j] == 0.0;
            const double t1 = c->mean[1][j] * data0[j];
            const double t2 = 1.0 - data0[j];
            const int t3 = 0.0 == t2;
            const double t4 = c->mean[2][j] * t2;
            const double t5 = (t0 ? 0.0 : t1) + (t3 ? 0.0 : t4);
            const double t6 = t0 ? 0.0 : data0[j];
            const double t7 = t3 ? 0.0 : t2;
            c->d[1][j] = t6;
            c->d[2][j] = t7;
            total += weighted(w[j], t5);
        }
        value += total;
        slopes(c, at, m, 6); curvatures(c, at, m, 6, 0, 0, 0, 0);
    }
    return value;
}
