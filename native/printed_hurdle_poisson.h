/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* hurdle_poisson; own parameters: hurdle; data known for each row: 1. */
static double hurdle_poisson_1(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = -own0;
    const double t1 = m_log1p(t0);
    const double t2 = m_log(own0);
    const double t3 = -(1.0 / (1.0 + t0));
    const double t4 = 1.0 / own0;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const int t5 = data0[j] == 0.0;
            const double t6 = t5 ? 1.0 : data0[j];
            const int t7 = 0.0 == t6;
            const double t8 = c->mean[1][j] * t6;
            const double t9 = -c->mean[0][j];
            const double t10 = (t7 ? 0.0 : t8) + t9;
            const int t11 = c->mean[0][j] < 0.0;
            const double t12 = t11 ? (-LARGE) : t9;
            const double t13 = m_max(-0.6931471805599453, t12);
            const double t14 = m_min(-1e-300, t13);
            const int t15 = t12 < 0.0;
            const double t16 = m_expm1(t14);
            const double t17 = m_log(-t16);
            const double t18 = t15 ? t17 : (-LARGE);
            const int t19 = (-0.6931471805599453) < t12;
            const double t20 = m_exp(m_min(-0.6931471805599453, t12));
            const double t21 = -t20;
            const double t22 = m_log1p(t21);
            const double t23 = (t1 + (t11 ? (-LARGE) : t10)) - (t19 ? t18 : t22);
            const double t24 = t5 ? t2 : t23;
            const double t25 = t11 ? 0.0 : (-1.0);
            const double t26 = t19 ? t25 : 0.0;
            const int t27 = t13 < (-1e-300);
            const double t28 = ((t27 ? t26 : 0.0) * m_exp(t14)) * (1.0 / t16);
            const double t29 = t15 ? t28 : 0.0;
            const int t30 = t12 < (-0.6931471805599453);
            const double t31 = -((t20 * (t30 ? t25 : 0.0)) * (1.0 / (1.0 + t21)));
            const double t32 = t25 - (t19 ? t29 : t31);
            const double t33 = t5 ? 0.0 : t32;
            const double t34 = t7 ? 0.0 : t6;
            const double t35 = t11 ? 0.0 : t34;
            const double t36 = t5 ? 0.0 : t35;
            const double t37 = t5 ? t4 : t3;
            c->d[0][j] = t33;
            c->d[1][j] = t36;
            total += weighted(w[j], t24);
            d_own_0 += weighted(w[j], t37);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 3);
    }
    return value;
}
static double hurdle_poisson_2(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = -own0;
    const double t1 = m_log1p(t0);
    const double t2 = m_log(own0);
    const double t3 = 1.0 / (1.0 + t0);
    const double t4 = -t3;
    const double t5 = 1.0 / own0;
    const double t6 = -(t3 * t3);
    const double t7 = -(t5 * t5);
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
            const int t8 = data0[j] == 0.0;
            const double t9 = t8 ? 1.0 : data0[j];
            const int t10 = 0.0 == t9;
            const double t11 = c->mean[1][j] * t9;
            const double t12 = -c->mean[0][j];
            const double t13 = (t10 ? 0.0 : t11) + t12;
            const int t14 = c->mean[0][j] < 0.0;
            const double t15 = t14 ? (-LARGE) : t12;
            const double t16 = m_max(-0.6931471805599453, t15);
            const double t17 = m_min(-1e-300, t16);
            const int t18 = t15 < 0.0;
            const double t19 = m_expm1(t17);
            const double t20 = m_log(-t19);
            const double t21 = t18 ? t20 : (-LARGE);
            const int t22 = (-0.6931471805599453) < t15;
            const double t23 = m_exp(m_min(-0.6931471805599453, t15));
            const double t24 = -t23;
            const double t25 = m_log1p(t24);
            const double t26 = (t1 + (t14 ? (-LARGE) : t13)) - (t22 ? t21 : t25);
            const double t27 = t8 ? t2 : t26;
            const double t28 = t14 ? 0.0 : (-1.0);
            const double t29 = t22 ? t28 : 0.0;
            const int t30 = t16 < (-1e-300);
            const double t31 = t30 ? t29 : 0.0;
            const double t32 = t31 * m_exp(t17);
            const double t33 = 1.0 / t19;
            const double t34 = t32 * t33;
            const double t35 = t18 ? t34 : 0.0;
            const int t36 = t15 < (-0.6931471805599453);
            const double t37 = t36 ? t28 : 0.0;
            const double t38 = t23 * t37;
            const double t39 = 1.0 / (1.0 + t24);
            const double t40 = t38 * t39;
            const double t41 = -t40;
            const double t42 = t28 - (t22 ? t35 : t41);
            const double t43 = t8 ? 0.0 : t42;
            const double t44 = t10 ? 0.0 : t9;
            const double t45 = t14 ? 0.0 : t44;
            const double t46 = t8 ? 0.0 : t45;
            const double t47 = t8 ? t5 : t4;
            const double t48 = (t33 * (t31 * t32)) - (t32 * (t33 * t34));
            const double t49 = t18 ? t48 : 0.0;
            const double t50 = -((t39 * (t37 * t38)) + (t38 * (t39 * t40)));
            const double t51 = -(t22 ? t49 : t50);
            const double t52 = t8 ? 0.0 : t51;
            const double t53 = t8 ? t7 : t6;
            c->d[0][j] = t43;
            c->d[1][j] = t46;
            c->h[0][j] = t52;
            total += weighted(w[j], t27);
            d_own_0 += weighted(w[j], t47);
            h_own_0 += weighted(w[j], t53);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 3); curvatures(c, at, m, 3, 1, 0, 0, 0);
    }
    return value;
}
