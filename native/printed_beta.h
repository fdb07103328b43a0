/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* beta; own parameters: dispersion; data known for each row: 2. */
static double beta_1(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = m_log(own0);
    const double t1 = m_lgamma(own0);
    const double t2 = 1.0 / own0;
    const double t3 = t2 + m_digamma(own0);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 6, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t4 = c->mean[1][j] + t0;
            const double t5 = c->mean[2][j] + t0;
            const double t6 = m_exp(t4);
            const double t7 = m_exp(t5);
            const double t8 = t6 + 1.0;
            const double t9 = t7 + 1.0;
            const double t10 = (((t5 + ((t4 + t1) - m_lgamma(t8))) - m_lgamma(t9)) + ((t6 - 1.0) * data0[j])) + ((t7 - 1.0) * data1[j]);
            const double t11 = m_digamma(t8);
            const double t12 = (1.0 - (t6 * t11)) + (t6 * data0[j]);
            const double t13 = m_digamma(t9);
            const double t14 = (1.0 - (t7 * t13)) + (t7 * data1[j]);
            const double t15 = t6 * t2;
            const double t16 = t7 * t2;
            const double t17 = (((t2 + (t3 - (t11 * t15))) - (t13 * t16)) + (data0[j] * t15)) + (data1[j] * t16);
            c->d[1][j] = t12;
            c->d[2][j] = t14;
            total += weighted(w[j], t10);
            d_own_0 += weighted(w[j], t17);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 6);
    }
    return value;
}
static double beta_2(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = m_log(own0);
    const double t1 = m_lgamma(own0);
    const double t2 = 1.0 / own0;
    const double t3 = t2 + m_digamma(own0);
    const double t4 = t2 * t2;
    const double t5 = -t4;
    const double t6 = t5 + m_trigamma(own0);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 6, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double h_own_0 = 0.0;
        SIMD_SUM(total, d_own_0, h_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = c->mean[1][j] + t0;
            const double t8 = c->mean[2][j] + t0;
            const double t9 = m_exp(t7);
            const double t10 = m_exp(t8);
            const double t11 = t9 + 1.0;
            const double t12 = t10 + 1.0;
            const double t13 = (((t8 + ((t7 + t1) - m_lgamma(t11))) - m_lgamma(t12)) + ((t9 - 1.0) * data0[j])) + ((t10 - 1.0) * data1[j]);
            const double t14 = m_digamma(t11);
            const double t15 = t9 * t14;
            const double t16 = t9 * data0[j];
            const double t17 = (1.0 - t15) + t16;
            const double t18 = m_digamma(t12);
            const double t19 = t10 * t18;
            const double t20 = t10 * data1[j];
            const double t21 = (1.0 - t19) + t20;
            const double t22 = t9 * t2;
            const double t23 = t10 * t2;
            const double t24 = t14 * t22;
            const double t25 = t18 * t23;
            const double t26 = data0[j] * t22;
            const double t27 = data1[j] * t23;
            const double t28 = (((t2 + (t3 - t24)) - t25) + t26) + t27;
            const double t29 = m_trigamma(t11);
            const double t30 = t16 - (t15 + (t9 * (t9 * t29)));
            const double t31 = m_trigamma(t12);
            const double t32 = t20 - (t19 + (t10 * (t10 * t31)));
            const double t33 = t22 * t29;
            const double t34 = t26 - (t24 + (t9 * t33));
            const double t35 = t23 * t31;
            const double t36 = t27 - (t25 + (t10 * t35));
            const double t37 = (t2 * t22) - (t9 * t4);
            const double t38 = (t2 * t23) - (t10 * t4);
            const double t39 = (((t5 + (t6 - ((t22 * t33) + (t14 * t37)))) - ((t23 * t35) + (t18 * t38))) + (data0[j] * t37)) + (data1[j] * t38);
            c->d[1][j] = t17;
            c->d[2][j] = t21;
            c->h[2][j] = t30;
            c->h[5][j] = t32;
            c->mixed[0][1][j] = t34;
            c->mixed[0][2][j] = t36;
            total += weighted(w[j], t13);
            d_own_0 += weighted(w[j], t28);
            h_own_0 += weighted(w[j], t39);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 6); curvatures(c, at, m, 6, 36, 6, 0, 0);
    }
    return value;
}
