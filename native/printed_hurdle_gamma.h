/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* hurdle_gamma; own parameters: shape, hurdle; data known for each row: 2. */
static double hurdle_gamma_1(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t0 = -own1;
    const double t1 = m_log1p(t0);
    const double t2 = m_log(own0);
    const double t3 = -m_lgamma(own0);
    const double t4 = m_log(own1);
    const double t5 = own0 * (1.0 / own0);
    const double t6 = -m_digamma(own0);
    const double t7 = -(1.0 / (1.0 + t0));
    const double t8 = 1.0 / own1;
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
            const int t9 = data0[j] == 0.0;
            const double t10 = data1[j] - c->mean[1][j];
            const double t11 = m_exp(t10);
            const double t12 = (t10 + t2) - t11;
            const int t13 = c->mean[0][j] <= 0.0;
            const double t14 = (own0 * t12) + t3;
            const double t15 = t1 + (t13 ? (-LARGE) : t14);
            const double t16 = t9 ? t4 : t15;
            const double t17 = own0 * (t11 - 1.0);
            const double t18 = t13 ? 0.0 : t17;
            const double t19 = t9 ? 0.0 : t18;
            const double t20 = (t12 + t5) + t6;
            const double t21 = t13 ? 0.0 : t20;
            const double t22 = t9 ? 0.0 : t21;
            const double t23 = t9 ? t8 : t7;
            c->d[1][j] = t19;
            total += weighted(w[j], t16);
            d_own_0 += weighted(w[j], t22);
            d_own_1 += weighted(w[j], t23);
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
    const double t0 = -own1;
    const double t1 = m_log1p(t0);
    const double t2 = m_log(own0);
    const double t3 = -m_lgamma(own0);
    const double t4 = m_log(own1);
    const double t5 = 1.0 / own0;
    const double t6 = own0 * t5;
    const double t7 = -m_digamma(own0);
    const double t8 = 1.0 / (1.0 + t0);
    const double t9 = -t8;
    const double t10 = 1.0 / own1;
    const double t11 = (t5 + (t5 - (own0 * (t5 * t5)))) - m_trigamma(own0);
    const double t12 = -(t8 * t8);
    const double t13 = -(t10 * t10);
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
            const int t14 = data0[j] == 0.0;
            const double t15 = data1[j] - c->mean[1][j];
            const double t16 = m_exp(t15);
            const double t17 = (t15 + t2) - t16;
            const int t18 = c->mean[0][j] <= 0.0;
            const double t19 = (own0 * t17) + t3;
            const double t20 = t1 + (t18 ? (-LARGE) : t19);
            const double t21 = t14 ? t4 : t20;
            const double t22 = t16 - 1.0;
            const double t23 = own0 * t22;
            const double t24 = t18 ? 0.0 : t23;
            const double t25 = t14 ? 0.0 : t24;
            const double t26 = (t17 + t6) + t7;
            const double t27 = t18 ? 0.0 : t26;
            const double t28 = t14 ? 0.0 : t27;
            const double t29 = t14 ? t10 : t9;
            const double t30 = -(own0 * t16);
            const double t31 = t18 ? 0.0 : t30;
            const double t32 = t14 ? 0.0 : t31;
            const double t33 = t18 ? 0.0 : t22;
            const double t34 = t14 ? 0.0 : t33;
            const double t35 = t18 ? 0.0 : t11;
            const double t36 = t14 ? 0.0 : t35;
            const double t37 = t14 ? t13 : t12;
            c->d[1][j] = t25;
            c->h[2][j] = t32;
            c->mixed[0][1][j] = t34;
            total += weighted(w[j], t21);
            d_own_0 += weighted(w[j], t28);
            d_own_1 += weighted(w[j], t29);
            h_own_0 += weighted(w[j], t36);
            h_own_3 += weighted(w[j], t37);
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
