/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* gaussian; own parameters: sigma; data known for each row: 1. */
static double gaussian_1(Rows *c) {
    const double own0 = c->own[0];
    const double t14 = m_log(own0);
    const double t24 = 1.0 / own0;
    const double t26 = 0.5 * t24;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 1, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = (data0[j] - c->mean[0][j]) / own0;
            const double t10 = t7 * 0.5;
            const double t17 = -((t7 * t10) + t14);
            const double t32 = (t10 * t24) + (t7 * t26);
            const double t34 = t7 * t24;
            const double t45 = -(t24 - ((t10 * t34) + (t7 * (0.5 * t34))));
            c->d[0][j] = t32;
            total += weighted(w[j], t17);
            d_own_0 += weighted(w[j], t45);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 1);
    }
    return value;
}
static double gaussian_2(Rows *c) {
    const double own0 = c->own[0];
    const double t14 = m_log(own0);
    const double t24 = 1.0 / own0;
    const double t26 = 0.5 * t24;
    const double t50 = -((t24 * t26) * 2.0);
    const double t51 = t24 * t24;
    const double t52 = -t51;
    const double t53 = 0.5 * t51;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 1, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double h_own_0 = 0.0;
        SIMD_SUM(total, d_own_0, h_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = (data0[j] - c->mean[0][j]) / own0;
            const double t10 = t7 * 0.5;
            const double t17 = -((t7 * t10) + t14);
            const double t32 = (t10 * t24) + (t7 * t26);
            const double t34 = t7 * t24;
            const double t36 = 0.5 * t34;
            const double t45 = -(t24 - ((t10 * t34) + (t7 * t36)));
            const double t68 = -(((t24 * t36) + (t10 * t51)) + ((t26 * t34) + (t7 * t53)));
            const double t73 = (t24 * t34) + (t7 * t51);
            const double t77 = t34 * t36;
            const double t90 = -(t52 + ((t77 + (t10 * t73)) + (t77 + (t7 * (0.5 * t73)))));
            c->d[0][j] = t32;
            c->h[0][j] = t50;
            c->mixed[0][0][j] = t68;
            total += weighted(w[j], t17);
            d_own_0 += weighted(w[j], t45);
            h_own_0 += weighted(w[j], t90);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 1); curvatures(c, at, m, 1, 1, 1, 0, 0);
    }
    return value;
}
