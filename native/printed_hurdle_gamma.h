/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* hurdle_gamma; own parameters: shape, hurdle; data known for each row: 2. */
static double hurdle_gamma_1(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t10 = -own1;
    const double t11 = m_log1p(t10);
    const double t15 = m_log(own0);
    const double t24 = -m_lgamma(own0);
    const double t30 = m_log(own1);
    const double t44 = own0 * (1.0 / own0);
    const double t47 = -m_digamma(own0);
    const double t53 = -(1.0 / (1.0 + t10));
    const double t54 = 1.0 / own1;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double d_own_1 = 0.0;
        SIMD_SUM(total, d_own_0, d_own_1)
        for (int64_t j = 0; j < m; j++) {
            const int t7 = data0[j] == 0.0;
            const double t14 = data1[j] - c->mean[1][j];
            const double t17 = m_exp(t14);
            const double t19 = (t14 + t15) - t17;
            const int t26 = c->mean[0][j] <= 0.0;
            const double t33 = (own0 * t19) + t24;
            const double t35 = t11 + (t26 ? (-LARGE) : t33);
            const double t36 = t7 ? t30 : t35;
            const double t40 = own0 * (t17 + (-1.0));
            const double t41 = t26 ? 0.0 : t40;
            const double t42 = t7 ? 0.0 : t41;
            const double t48 = (t19 + t44) + t47;
            const double t49 = t26 ? 0.0 : t48;
            const double t50 = t7 ? 0.0 : t49;
            const double t55 = t7 ? t54 : t53;
            c->d[1][j] = t42;
            total += weighted(w[j], t36);
            d_own_0 += weighted(w[j], t50);
            d_own_1 += weighted(w[j], t55);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->d_own[1] += d_own_1;
        slopes(c, at, m, 2);
    }
    return value;
}
static double hurdle_gamma_2(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t10 = -own1;
    const double t11 = m_log1p(t10);
    const double t15 = m_log(own0);
    const double t24 = -m_lgamma(own0);
    const double t30 = m_log(own1);
    const double t43 = 1.0 / own0;
    const double t44 = own0 * t43;
    const double t47 = -m_digamma(own0);
    const double t52 = 1.0 / (1.0 + t10);
    const double t53 = -t52;
    const double t54 = 1.0 / own1;
    const double t70 = (t43 + (t43 - (own0 * (t43 * t43)))) - m_trigamma(own0);
    const double t74 = -(t52 * t52);
    const double t76 = -(t54 * t54);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 1);
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
            const double t14 = data1[j] - c->mean[1][j];
            const double t17 = m_exp(t14);
            const double t19 = (t14 + t15) - t17;
            const int t26 = c->mean[0][j] <= 0.0;
            const double t33 = (own0 * t19) + t24;
            const double t35 = t11 + (t26 ? (-LARGE) : t33);
            const double t36 = t7 ? t30 : t35;
            const double t39 = t17 + (-1.0);
            const double t40 = own0 * t39;
            const double t41 = t26 ? 0.0 : t40;
            const double t42 = t7 ? 0.0 : t41;
            const double t48 = (t19 + t44) + t47;
            const double t49 = t26 ? 0.0 : t48;
            const double t50 = t7 ? 0.0 : t49;
            const double t55 = t7 ? t54 : t53;
            const double t57 = -(own0 * t17);
            const double t58 = t26 ? 0.0 : t57;
            const double t59 = t7 ? 0.0 : t58;
            const double t60 = t26 ? 0.0 : t39;
            const double t61 = t7 ? 0.0 : t60;
            const double t71 = t26 ? 0.0 : t70;
            const double t72 = t7 ? 0.0 : t71;
            const double t77 = t7 ? t76 : t74;
            c->d[1][j] = t42;
            c->h[2][j] = t59;
            c->mixed[0][1][j] = t61;
            total += weighted(w[j], t36);
            d_own_0 += weighted(w[j], t50);
            d_own_1 += weighted(w[j], t55);
            h_own_0 += weighted(w[j], t72);
            h_own_3 += weighted(w[j], t77);
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
