/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* weibull; own parameters: shape; data known for each row: 1. */
static double weibull_1(Rows *c) {
    const double own0 = c->own[0];
    const double t9 = 1.0 / own0;
    const double t10 = 1.0 + t9;
    const double t11 = m_lgamma(t10);
    const double t16 = m_log(own0);
    const double t28 = -own0;
    const double t39 = -(own0 * ((t9 * t9) * m_digamma(t10)));
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t12 = (data0[j] - c->mean[1][j]) + t11;
            const double t13 = own0 * t12;
            const int t15 = c->mean[0][j] <= 0.0;
            const double t18 = m_exp(t13);
            const double t20 = (t13 + t16) - t18;
            const double t26 = t15 ? (-LARGE) : t20;
            const double t31 = t28 + (own0 * t18);
            const double t32 = t15 ? 0.0 : t31;
            const double t40 = t12 + t39;
            const double t44 = (t9 + t40) - (t18 * t40);
            const double t45 = t15 ? 0.0 : t44;
            c->d[1][j] = t32;
            total += weighted(w[j], t26);
            d_own_0 += weighted(w[j], t45);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 2);
    }
    return value;
}
static double weibull_2(Rows *c) {
    const double own0 = c->own[0];
    const double t9 = 1.0 / own0;
    const double t10 = 1.0 + t9;
    const double t11 = m_lgamma(t10);
    const double t16 = m_log(own0);
    const double t28 = -own0;
    const double t33 = t9 * t9;
    const double t35 = m_digamma(t10);
    const double t36 = t33 * t35;
    const double t39 = -(own0 * t36);
    const double t71 = t36 + (t36 - (own0 * ((t35 * ((t9 * t33) * 2.0)) + (t33 * (t33 * m_trigamma(t10))))));
    const double t73 = t33 + t71;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double h_own_0 = 0.0;
        SIMD_SUM(total, d_own_0, h_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t12 = (data0[j] - c->mean[1][j]) + t11;
            const double t13 = own0 * t12;
            const int t15 = c->mean[0][j] <= 0.0;
            const double t18 = m_exp(t13);
            const double t20 = (t13 + t16) - t18;
            const double t26 = t15 ? (-LARGE) : t20;
            const double t29 = own0 * t18;
            const double t31 = t28 + t29;
            const double t32 = t15 ? 0.0 : t31;
            const double t40 = t12 + t39;
            const double t42 = t18 * t40;
            const double t44 = (t9 + t40) - t42;
            const double t45 = t15 ? 0.0 : t44;
            const double t47 = -(own0 * t29);
            const double t48 = t15 ? 0.0 : t47;
            const double t51 = (-1.0) + (t18 + (own0 * t42));
            const double t52 = t15 ? 0.0 : t51;
            const double t81 = -(t73 + ((t40 * t42) - (t18 * t71)));
            const double t82 = t15 ? 0.0 : t81;
            c->d[1][j] = t32;
            c->h[2][j] = t48;
            c->mixed[0][1][j] = t52;
            total += weighted(w[j], t26);
            d_own_0 += weighted(w[j], t45);
            h_own_0 += weighted(w[j], t82);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 2); curvatures(c, at, m, 2, 4, 2, 0, 0);
    }
    return value;
}
