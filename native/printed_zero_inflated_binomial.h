/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* zero_inflated_binomial; own parameters: zi; data known for each row: 3. */
static double zero_inflated_binomial_1(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = -own0;
    const double t1 = m_log1p(t0);
    const double t2 = m_log(own0);
    const double t3 = -t2;
    const double t4 = 1.0 / (t0 + 1.0);
    const double t5 = -t4;
    const double t6 = 1.0 / own0;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 6, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        const double *data2 = c->known[2] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t7 = data0[j] - data1[j];
            const int t8 = data1[j] == 0.0;
            const double t9 = c->mean[1][j] * data1[j];
            const double t10 = t8 ? 0.0 : t9;
            const int t11 = t7 == 0.0;
            const double t12 = c->mean[2][j] * t7;
            const double t13 = t11 ? 0.0 : t12;
            const double t14 = t1 + ((data2[j] + t10) + t13);
            const double t15 = m_logaddexp(t14, t2);
            const double t16 = t1 + (t10 + t13);
            const double t17 = t8 ? t15 : t16;
            const double t18 = m_sigmoid(t14 + t3);
            const double t19 = (t8 ? 0.0 : data1[j]) * t18;
            const double t20 = t8 ? t19 : data1[j];
            const double t21 = t11 ? 0.0 : t7;
            const double t22 = t18 * t21;
            const double t23 = t8 ? t22 : t21;
            const double t24 = (t6 * m_sigmoid(t2 - t14)) - (t18 * t4);
            const double t25 = t8 ? t24 : t5;
            c->d[1][j] = t20;
            c->d[2][j] = t23;
            total += weighted(w[j], t17);
            d_own_0 += weighted(w[j], t25);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 6);
    }
    return value;
}
static double zero_inflated_binomial_2(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = -own0;
    const double t1 = m_log1p(t0);
    const double t2 = m_log(own0);
    const double t3 = -t2;
    const double t4 = 1.0 / (t0 + 1.0);
    const double t5 = -t4;
    const double t6 = 1.0 / own0;
    const double t7 = t4 + t6;
    const double t8 = t4 * t4;
    const double t9 = -t8;
    const double t10 = t6 * t6;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 6, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        const double *data2 = c->known[2] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double h_own_0 = 0.0;
        SIMD_SUM(total, d_own_0, h_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t11 = data0[j] - data1[j];
            const int t12 = data1[j] == 0.0;
            const double t13 = c->mean[1][j] * data1[j];
            const double t14 = t12 ? 0.0 : t13;
            const int t15 = t11 == 0.0;
            const double t16 = c->mean[2][j] * t11;
            const double t17 = t15 ? 0.0 : t16;
            const double t18 = t1 + ((data2[j] + t14) + t17);
            const double t19 = m_logaddexp(t18, t2);
            const double t20 = t1 + (t14 + t17);
            const double t21 = t12 ? t19 : t20;
            const double t22 = t12 ? 0.0 : data1[j];
            const double t23 = t18 + t3;
            const double t24 = m_sigmoid(t23);
            const double t25 = t22 * t24;
            const double t26 = t12 ? t25 : data1[j];
            const double t27 = t15 ? 0.0 : t11;
            const double t28 = t24 * t27;
            const double t29 = t12 ? t28 : t27;
            const double t30 = t2 - t18;
            const double t31 = m_sigmoid(t30);
            const double t32 = (t6 * t31) - (t24 * t4);
            const double t33 = t12 ? t32 : t5;
            const double t34 = t24 * m_sigmoid(-t23);
            const double t35 = t22 * t34;
            const double t36 = t22 * t35;
            const double t37 = t12 ? t36 : 0.0;
            const double t38 = t27 * t35;
            const double t39 = t12 ? t38 : 0.0;
            const double t40 = t27 * (t27 * t34);
            const double t41 = t12 ? t40 : 0.0;
            const double t42 = t34 * t7;
            const double t43 = -(t22 * t42);
            const double t44 = t12 ? t43 : 0.0;
            const double t45 = -(t27 * t42);
            const double t46 = t12 ? t45 : 0.0;
            const double t47 = ((t6 * (t7 * (t31 * m_sigmoid(-t30)))) - (t31 * t10)) - ((t24 * t8) - (t4 * t42));
            const double t48 = t12 ? t47 : t9;
            c->d[1][j] = t26;
            c->d[2][j] = t29;
            c->h[2][j] = t37;
            c->h[4][j] = t39;
            c->h[5][j] = t41;
            c->mixed[0][1][j] = t44;
            c->mixed[0][2][j] = t46;
            total += weighted(w[j], t21);
            d_own_0 += weighted(w[j], t33);
            h_own_0 += weighted(w[j], t48);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 6); curvatures(c, at, m, 6, 52, 6, 0, 0);
    }
    return value;
}
