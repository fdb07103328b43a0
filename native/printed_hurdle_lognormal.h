/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* hurdle_lognormal; own parameters: sigma, hurdle; data known for each row: 2. */
static double hurdle_lognormal_1(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t10 = -own1;
    const double t11 = m_log1p(t10);
    const double t21 = m_log(own0);
    const double t31 = m_log(own1);
    const double t38 = 1.0 / own0;
    const double t55 = -(1.0 / (1.0 + t10));
    const double t56 = 1.0 / own1;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 2, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double d_own_1 = 0.0;
        SIMD_SUM(total, d_own_0, d_own_1)
        for (int64_t j = 0; j < m; j++) {
            const int t7 = data0[j] == 0.0;
            const double t15 = (data1[j] - c->mean[1][j]) / own0;
            const double t34 = t11 - (((t15 * t15) * 0.5) + t21);
            const double t35 = t7 ? t31 : t34;
            const double t40 = t15 * t38;
            const double t45 = t7 ? 0.0 : t40;
            const double t51 = -(t38 - (t15 * t40));
            const double t52 = t7 ? 0.0 : t51;
            const double t57 = t7 ? t56 : t55;
            c->d[1][j] = t45;
            total += weighted(w[j], t35);
            d_own_0 += weighted(w[j], t52);
            d_own_1 += weighted(w[j], t57);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->d_own[1] += d_own_1;
        slopes(c, at, m, 2);
    }
    return value;
}
static double hurdle_lognormal_2(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t10 = -own1;
    const double t11 = m_log1p(t10);
    const double t21 = m_log(own0);
    const double t31 = m_log(own1);
    const double t38 = 1.0 / own0;
    const double t54 = 1.0 / (1.0 + t10);
    const double t55 = -t54;
    const double t56 = 1.0 / own1;
    const double t58 = t38 * t38;
    const double t59 = -t58;
    const double t78 = -(t54 * t54);
    const double t80 = -(t56 * t56);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 2, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double d_own_1 = 0.0;
        double h_own_0 = 0.0;
        double h_own_3 = 0.0;
        SIMD_SUM(total, d_own_0, d_own_1, h_own_0, h_own_3)
        for (int64_t j = 0; j < m; j++) {
            const int t7 = data0[j] == 0.0;
            const double t15 = (data1[j] - c->mean[1][j]) / own0;
            const double t34 = t11 - (((t15 * t15) * 0.5) + t21);
            const double t35 = t7 ? t31 : t34;
            const double t40 = t15 * t38;
            const double t45 = t7 ? 0.0 : t40;
            const double t51 = -(t38 - (t15 * t40));
            const double t52 = t7 ? 0.0 : t51;
            const double t57 = t7 ? t56 : t55;
            const double t60 = t7 ? 0.0 : t59;
            const double t65 = (t38 * t40) + (t15 * t58);
            const double t66 = -t65;
            const double t67 = t7 ? 0.0 : t66;
            const double t75 = -(t59 + ((t40 * t40) + (t15 * t65)));
            const double t76 = t7 ? 0.0 : t75;
            const double t81 = t7 ? t80 : t78;
            c->d[1][j] = t45;
            c->h[2][j] = t60;
            c->mixed[0][1][j] = t67;
            total += weighted(w[j], t35);
            d_own_0 += weighted(w[j], t52);
            d_own_1 += weighted(w[j], t57);
            h_own_0 += weighted(w[j], t76);
            h_own_3 += weighted(w[j], t81);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->d_own[1] += d_own_1;
        c->h_own[0] += h_own_0;
        c->h_own[3] += h_own_3;
        slopes(c, at, m, 2); curvatures(c, at, m, 2, 4, 2, 0, 0);
    }
    return value;
}
