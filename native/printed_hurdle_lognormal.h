/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* hurdle_lognormal; own parameters: sigma, hurdle; data known for each row: 2. */
static double hurdle_lognormal_1(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t0 = -own1;
    const double t1 = m_log1p(t0);
    const double t2 = m_log(own0);
    const double t3 = m_log(own1);
    const double t4 = 1.0 / own0;
    const double t5 = -(1.0 / (1.0 + t0));
    const double t6 = 1.0 / own1;
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
            const double t8 = (data1[j] - c->mean[1][j]) / own0;
            const double t9 = t1 - (((t8 * t8) * 0.5) + t2);
            const double t10 = t7 ? t3 : t9;
            const double t11 = t8 * t4;
            const double t12 = t7 ? 0.0 : t11;
            const double t13 = -(t4 - (t8 * t11));
            const double t14 = t7 ? 0.0 : t13;
            const double t15 = t7 ? t6 : t5;
            c->d[1][j] = t12;
            total += weighted(w[j], t10);
            d_own_0 += weighted(w[j], t14);
            d_own_1 += weighted(w[j], t15);
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
    const double t0 = -own1;
    const double t1 = m_log1p(t0);
    const double t2 = m_log(own0);
    const double t3 = m_log(own1);
    const double t4 = 1.0 / own0;
    const double t5 = 1.0 / (1.0 + t0);
    const double t6 = -t5;
    const double t7 = 1.0 / own1;
    const double t8 = t4 * t4;
    const double t9 = -t8;
    const double t10 = -(t5 * t5);
    const double t11 = -(t7 * t7);
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
            const int t12 = data0[j] == 0.0;
            const double t13 = (data1[j] - c->mean[1][j]) / own0;
            const double t14 = t1 - (((t13 * t13) * 0.5) + t2);
            const double t15 = t12 ? t3 : t14;
            const double t16 = t13 * t4;
            const double t17 = t12 ? 0.0 : t16;
            const double t18 = -(t4 - (t13 * t16));
            const double t19 = t12 ? 0.0 : t18;
            const double t20 = t12 ? t7 : t6;
            const double t21 = t12 ? 0.0 : t9;
            const double t22 = (t4 * t16) + (t13 * t8);
            const double t23 = -t22;
            const double t24 = t12 ? 0.0 : t23;
            const double t25 = -(t9 + ((t16 * t16) + (t13 * t22)));
            const double t26 = t12 ? 0.0 : t25;
            const double t27 = t12 ? t11 : t10;
            c->d[1][j] = t17;
            c->h[2][j] = t21;
            c->mixed[0][1][j] = t24;
            total += weighted(w[j], t15);
            d_own_0 += weighted(w[j], t19);
            d_own_1 += weighted(w[j], t20);
            h_own_0 += weighted(w[j], t26);
            h_own_3 += weighted(w[j], t27);
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
