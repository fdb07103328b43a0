/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* lognormal; own parameters: sigma; data known for each row: 1. */
static double lognormal_1(Rows *c) {
    const double own0 = c->own[0];
    const double t15 = m_log(own0);
    const double t27 = 1.0 / own0;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 2, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t8 = (data0[j] - c->mean[1][j]) / own0;
            const double t18 = -(((t8 * t8) * 0.5) + t15);
            const double t29 = t8 * t27;
            const double t39 = -(t27 - (t8 * t29));
            c->d[1][j] = t29;
            total += weighted(w[j], t18);
            d_own_0 += weighted(w[j], t39);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 2);
    }
    return value;
}
static double lognormal_2(Rows *c) {
    const double own0 = c->own[0];
    const double t15 = m_log(own0);
    const double t27 = 1.0 / own0;
    const double t40 = t27 * t27;
    const double t41 = -t40;
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
            const double t8 = (data0[j] - c->mean[1][j]) / own0;
            const double t18 = -(((t8 * t8) * 0.5) + t15);
            const double t29 = t8 * t27;
            const double t39 = -(t27 - (t8 * t29));
            const double t46 = (t27 * t29) + (t8 * t40);
            const double t47 = -t46;
            const double t55 = -(t41 + ((t29 * t29) + (t8 * t46)));
            c->d[1][j] = t29;
            c->h[2][j] = t41;
            c->mixed[0][1][j] = t47;
            total += weighted(w[j], t18);
            d_own_0 += weighted(w[j], t39);
            h_own_0 += weighted(w[j], t55);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 2); curvatures(c, at, m, 2, 4, 2, 0, 0);
    }
    return value;
}
