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
            const double t0 = m_exp(data0[j] - c->mean[1][j]);
            const double t1 = -(c->mean[1][j] + t0);
            const int t2 = c->mean[0][j] <= 0.0;
            const double t3 = t2 ? (-LARGE) : t1;
            const double t4 = -(1.0 - t0);
            const double t5 = t2 ? 0.0 : t4;
            c->d[1][j] = t5;
            total += weighted(w[j], t3);
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
            const double t0 = m_exp(data0[j] - c->mean[1][j]);
            const double t1 = -t0;
            const double t2 = -(c->mean[1][j] + t0);
            const int t3 = c->mean[0][j] <= 0.0;
            const double t4 = t3 ? (-LARGE) : t2;
            const double t5 = -(t1 + 1.0);
            const double t6 = t3 ? 0.0 : t5;
            const double t7 = t3 ? 0.0 : t1;
            c->d[1][j] = t6;
            c->h[2][j] = t7;
            total += weighted(w[j], t4);
        }
        value += total;
        slopes(c, at, m, 2); curvatures(c, at, m, 2, 4, 0, 0, 0);
    }
    return value;
}
