/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* inverse_gaussian; own parameters: shape; data known for each row: 3. */
static double inverse_gaussian_1(Rows *c) {
    const double own0 = c->own[0];
    const double t11 = m_log(own0) + (-1.8378770664093453);
    const double t18 = own0 * 0.5;
    const double t45 = 0.5 * (1.0 / own0);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        const double *data2 = c->known[2] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = data1[j] - c->mean[1][j];
            const double t8 = m_expm1(t7);
            const double t20 = t8 * t8;
            const double t24 = ((t11 + data2[j]) * 0.5) - ((t18 * t20) / data0[j]);
            const int t26 = c->mean[0][j] <= 0.0;
            const double t28 = t26 ? (-LARGE) : t24;
            const double t40 = 1.0 / data0[j];
            const double t41 = (t18 * ((t8 * m_exp(t7)) * 2.0)) * t40;
            const double t43 = t26 ? 0.0 : t41;
            const double t49 = t45 - (t40 * (0.5 * t20));
            const double t50 = t26 ? 0.0 : t49;
            c->d[1][j] = t43;
            total += weighted(w[j], t28);
            d_own_0 += weighted(w[j], t50);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 2);
    }
    return value;
}
static double inverse_gaussian_2(Rows *c) {
    const double own0 = c->own[0];
    const double t11 = m_log(own0) + (-1.8378770664093453);
    const double t18 = own0 * 0.5;
    const double t44 = 1.0 / own0;
    const double t45 = 0.5 * t44;
    const double t67 = -(0.5 * (t44 * t44));
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        const double *data2 = c->known[2] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double h_own_0 = 0.0;
        SIMD_SUM(total, d_own_0, h_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = data1[j] - c->mean[1][j];
            const double t8 = m_expm1(t7);
            const double t20 = t8 * t8;
            const double t24 = ((t11 + data2[j]) * 0.5) - ((t18 * t20) / data0[j]);
            const int t26 = c->mean[0][j] <= 0.0;
            const double t28 = t26 ? (-LARGE) : t24;
            const double t31 = m_exp(t7);
            const double t33 = t8 * t31;
            const double t40 = 1.0 / data0[j];
            const double t41 = (t18 * (t33 * 2.0)) * t40;
            const double t43 = t26 ? 0.0 : t41;
            const double t49 = t45 - (t40 * (0.5 * t20));
            const double t50 = t26 ? 0.0 : t49;
            const double t60 = -(t40 * (t18 * (2.0 * (t33 + (t31 * t31)))));
            const double t61 = t26 ? 0.0 : t60;
            const double t62 = t33 * t40;
            const double t63 = t26 ? 0.0 : t62;
            const double t68 = t26 ? 0.0 : t67;
            c->d[1][j] = t43;
            c->h[2][j] = t61;
            c->mixed[0][1][j] = t63;
            total += weighted(w[j], t28);
            d_own_0 += weighted(w[j], t50);
            h_own_0 += weighted(w[j], t68);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 2); curvatures(c, at, m, 2, 4, 2, 0, 0);
    }
    return value;
}
