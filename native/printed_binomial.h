/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* binomial; own parameters: none; data known for each row: 2. */
static double binomial_1(Rows *c) {
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 6, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        double total = 0.0;
        SIMD_SUM(total)
        for (int64_t j = 0; j < m; j++) {
            const double t13 = data0[j] - data1[j];
            const int t19 = data1[j] == 0.0;
            const double t20 = c->mean[1][j] * data1[j];
            const int t23 = t13 == 0.0;
            const double t24 = c->mean[2][j] * t13;
            const double t27 = (t19 ? 0.0 : t20) + (t23 ? 0.0 : t24);
            const double t28 = t19 ? 0.0 : data1[j];
            const double t29 = t23 ? 0.0 : t13;
            c->d[1][j] = t28;
            c->d[2][j] = t29;
            total += weighted(w[j], t27);
        }
        value += total;
        slopes(c, at, m, 6);
    }
    return value;
}
static double binomial_2(Rows *c) {
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 6, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        double total = 0.0;
        SIMD_SUM(total)
        for (int64_t j = 0; j < m; j++) {
            const double t13 = data0[j] - data1[j];
            const int t19 = data1[j] == 0.0;
            const double t20 = c->mean[1][j] * data1[j];
            const int t23 = t13 == 0.0;
            const double t24 = c->mean[2][j] * t13;
            const double t27 = (t19 ? 0.0 : t20) + (t23 ? 0.0 : t24);
            const double t28 = t19 ? 0.0 : data1[j];
            const double t29 = t23 ? 0.0 : t13;
            c->d[1][j] = t28;
            c->d[2][j] = t29;
            total += weighted(w[j], t27);
        }
        value += total;
        slopes(c, at, m, 6); curvatures(c, at, m, 6, 0, 0, 0, 0);
    }
    return value;
}
