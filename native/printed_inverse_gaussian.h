/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* inverse_gaussian; own parameters: shape; data known for each row: 3. */
static double inverse_gaussian_1(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = m_log(own0) - 1.8378770664093453;
    const double t1 = own0 * 0.5;
    const double t2 = 0.5 * (1.0 / own0);
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
            const double t3 = data1[j] - c->mean[1][j];
            const double t4 = m_expm1(t3);
            const double t5 = t4 * t4;
            const double t6 = ((t0 + data2[j]) * 0.5) - ((t1 * t5) / data0[j]);
            const int t7 = c->mean[0][j] <= 0.0;
            const double t8 = t7 ? (-LARGE) : t6;
            const double t9 = 1.0 / data0[j];
            const double t10 = (t1 * ((t4 * m_exp(t3)) * 2.0)) * t9;
            const double t11 = t7 ? 0.0 : t10;
            const double t12 = t2 - (t9 * (0.5 * t5));
            const double t13 = t7 ? 0.0 : t12;
            c->d[1][j] = t11;
            total += weighted(w[j], t8);
            d_own_0 += weighted(w[j], t13);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 2);
    }
    return value;
}
static double inverse_gaussian_2(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = m_log(own0) - 1.8378770664093453;
    const double t1 = own0 * 0.5;
    const double t2 = 1.0 / own0;
    const double t3 = 0.5 * t2;
    const double t4 = -(0.5 * (t2 * t2));
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
            const double t5 = data1[j] - c->mean[1][j];
            const double t6 = m_expm1(t5);
            const double t7 = t6 * t6;
            const double t8 = ((t0 + data2[j]) * 0.5) - ((t1 * t7) / data0[j]);
            const int t9 = c->mean[0][j] <= 0.0;
            const double t10 = t9 ? (-LARGE) : t8;
            const double t11 = m_exp(t5);
            const double t12 = t6 * t11;
            const double t13 = 1.0 / data0[j];
            const double t14 = (t1 * (t12 * 2.0)) * t13;
            const double t15 = t9 ? 0.0 : t14;
            const double t16 = t3 - (t13 * (0.5 * t7));
            const double t17 = t9 ? 0.0 : t16;
            const double t18 = -(t13 * (t1 * (2.0 * (t12 + (t11 * t11)))));
            const double t19 = t9 ? 0.0 : t18;
            const double t20 = t12 * t13;
            const double t21 = t9 ? 0.0 : t20;
            const double t22 = t9 ? 0.0 : t4;
            c->d[1][j] = t15;
            c->h[2][j] = t19;
            c->mixed[0][1][j] = t21;
            total += weighted(w[j], t10);
            d_own_0 += weighted(w[j], t17);
            h_own_0 += weighted(w[j], t22);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 2); curvatures(c, at, m, 2, 4, 2, 0, 0);
    }
    return value;
}
