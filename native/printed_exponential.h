/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* exponential; own parameters: none; data known for each row: 1. */
static double exponential_1(Rows *c) {
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        SIMD_SUM(total)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = m_exp(data0[j] - c->mean[1][j]);
            const double t10 = -(c->mean[1][j] + t7);
            const int t12 = c->mean[0][j] <= 0.0;
            const double t14 = t12 ? (-LARGE) : t10;
            const double t19 = -(1.0 - t7);
            const double t20 = t12 ? 0.0 : t19;
            c->d[1][j] = t20;
            total += weighted(w[j], t14);
        }
        value += total;
        slopes(c, at, m, 2);
    }
    return value;
}
static double exponential_2(Rows *c) {
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        SIMD_SUM(total)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = m_exp(data0[j] - c->mean[1][j]);
            const double t8 = -t7;
            const double t10 = -(c->mean[1][j] + t7);
            const int t12 = c->mean[0][j] <= 0.0;
            const double t14 = t12 ? (-LARGE) : t10;
            const double t19 = -(t8 + 1.0);
            const double t20 = t12 ? 0.0 : t19;
            const double t21 = t12 ? 0.0 : t8;
            c->d[1][j] = t20;
            c->h[2][j] = t21;
            total += weighted(w[j], t14);
        }
        value += total;
        slopes(c, at, m, 2); curvatures(c, at, m, 2, 4, 0, 0, 0);
    }
    return value;
}
