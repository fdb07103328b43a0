/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* zero_inflated_poisson; own parameters: zi; data known for each row: 2. */
static double zero_inflated_poisson_1(Rows *c) {
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
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const int t7 = data0[j] == 0.0;
            const double t8 = c->mean[1][j] * data0[j];
            const double t9 = (t7 ? 0.0 : t8) - c->mean[0][j];
            const double t10 = t9 + data1[j];
            const int t11 = c->mean[0][j] < 0.0;
            const double t12 = t1 + (t11 ? (-LARGE) : t10);
            const double t13 = m_logaddexp(t12, t2);
            const double t14 = t1 + (t11 ? (-LARGE) : t9);
            const double t15 = t7 ? t13 : t14;
            const double t16 = t11 ? 0.0 : (-1.0);
            const double t17 = m_sigmoid(t12 + t3);
            const double t18 = t16 * t17;
            const double t19 = t7 ? t18 : t16;
            const double t20 = t7 ? 0.0 : data0[j];
            const double t21 = t11 ? 0.0 : t20;
            const double t22 = t17 * t21;
            const double t23 = t7 ? t22 : t21;
            const double t24 = (t6 * m_sigmoid(t2 - t12)) - (t17 * t4);
            const double t25 = t7 ? t24 : t5;
            c->d[0][j] = t19;
            c->d[1][j] = t23;
            total += weighted(w[j], t15);
            d_own_0 += weighted(w[j], t25);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 3);
    }
    return value;
}
static double zero_inflated_poisson_2(Rows *c) {
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
        const int64_t m = means(c, at, 3, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double h_own_0 = 0.0;
        SIMD_SUM(total, d_own_0, h_own_0)
        for (int64_t j = 0; j < m; j++) {
            const int t11 = data0[j] == 0.0;
            const double t12 = c->mean[1][j] * data0[j];
            const double t13 = (t11 ? 0.0 : t12) - c->mean[0][j];
            const double t14 = t13 + data1[j];
            const int t15 = c->mean[0][j] < 0.0;
            const double t16 = t1 + (t15 ? (-LARGE) : t14);
            const double t17 = m_logaddexp(t16, t2);
            const double t18 = t1 + (t15 ? (-LARGE) : t13);
            const double t19 = t11 ? t17 : t18;
            const double t20 = t15 ? 0.0 : (-1.0);
            const double t21 = t16 + t3;
            const double t22 = m_sigmoid(t21);
            const double t23 = t20 * t22;
            const double t24 = t11 ? t23 : t20;
            const double t25 = t11 ? 0.0 : data0[j];
            const double t26 = t15 ? 0.0 : t25;
            const double t27 = t22 * t26;
            const double t28 = t11 ? t27 : t26;
            const double t29 = t2 - t16;
            const double t30 = m_sigmoid(t29);
            const double t31 = (t6 * t30) - (t22 * t4);
            const double t32 = t11 ? t31 : t5;
            const double t33 = t22 * m_sigmoid(-t21);
            const double t34 = t20 * t33;
            const double t35 = t20 * t34;
            const double t36 = t11 ? t35 : 0.0;
            const double t37 = t26 * t34;
            const double t38 = t11 ? t37 : 0.0;
            const double t39 = t26 * (t26 * t33);
            const double t40 = t11 ? t39 : 0.0;
            const double t41 = t33 * t7;
            const double t42 = -(t20 * t41);
            const double t43 = t11 ? t42 : 0.0;
            const double t44 = -(t26 * t41);
            const double t45 = t11 ? t44 : 0.0;
            const double t46 = ((t6 * (t7 * (t30 * m_sigmoid(-t29)))) - (t30 * t10)) - ((t22 * t8) - (t4 * t41));
            const double t47 = t11 ? t46 : t9;
            c->d[0][j] = t24;
            c->d[1][j] = t28;
            c->h[0][j] = t36;
            c->h[1][j] = t38;
            c->h[2][j] = t40;
            c->mixed[0][0][j] = t43;
            c->mixed[0][1][j] = t45;
            total += weighted(w[j], t19);
            d_own_0 += weighted(w[j], t32);
            h_own_0 += weighted(w[j], t47);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 3); curvatures(c, at, m, 3, 7, 3, 0, 0);
    }
    return value;
}
