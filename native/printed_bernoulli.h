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
            const int t5 = data0[j] == 0.0;
            const double t6 = c->mean[1][j] * data0[j];
            const double t10 = 1.0 - data0[j];
            const int t11 = 0.0 == t10;
            const double t12 = c->mean[2][j] * t10;
            const double t14 = (t5 ? 0.0 : t6) + (t11 ? 0.0 : t12);
            const double t15 = t5 ? 0.0 : data0[j];
            const double t16 = t11 ? 0.0 : t10;
            c->d[1][j] = t15;
            c->d[2][j] = t16;
            total += weighted(w[j], t14);
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
            const int t5 = data0[j] == 0.0;
            const double t6 = c->mean[1][j] * data0[j];
            const double t10 = 1.0 - data0[j];
            const int t11 = 0.0 == t10;
            const double t12 = c->mean[2][j] * t10;
            const double t14 = (t5 ? 0.0 : t6) + (t11 ? 0.0 : t12);
            const double t15 = t5 ? 0.0 : data0[j];
            const double t16 = t11 ? 0.0 : t10;
            c->d[1][j] = t15;
            c->d[2][j] = t16;
            total += weighted(w[j], t14);
        }
        value += total;
        slopes(c, at, m, 6); curvatures(c, at, m, 6, 0, 0, 0, 0);
    }
    return value;
}
