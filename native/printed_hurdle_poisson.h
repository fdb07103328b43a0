/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* hurdle_poisson; own parameters: hurdle; data known for each row: 1. */
static double hurdle_poisson_1(Rows *c) {
    const double own0 = c->own[0];
    const double t9 = -own0;
    const double t10 = m_log1p(t9);
    const double t43 = m_log(own0);
    const double t80 = -(1.0 / (1.0 + t9));
    const double t81 = 1.0 / own0;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 3, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const int t6 = data0[j] == 0.0;
            const double t8 = t6 ? 1.0 : data0[j];
            const int t11 = 0.0 == t8;
            const double t12 = c->mean[1][j] * t8;
            const double t14 = -c->mean[0][j];
            const double t15 = (t11 ? 0.0 : t12) + t14;
            const int t20 = c->mean[0][j] < 0.0;
            const double t25 = t20 ? (-LARGE) : t14;
            const double t27 = m_max((-0.6931471805599453), t25);
            const double t29 = m_min((-1e-300), t27);
            const int t30 = t25 < 0.0;
            const double t31 = m_expm1(t29);
            const double t33 = m_log(-t31);
            const double t34 = t30 ? t33 : (-LARGE);
            const int t35 = (-0.6931471805599453) < t25;
            const double t37 = m_exp(m_min((-0.6931471805599453), t25));
            const double t38 = -t37;
            const double t39 = m_log1p(t38);
            const double t47 = (t10 + (t20 ? (-LARGE) : t15)) - (t35 ? t34 : t39);
            const double t48 = t6 ? t43 : t47;
            const double t51 = t20 ? 0.0 : (-1.0);
            const double t52 = t35 ? t51 : 0.0;
            const int t53 = t27 < (-1e-300);
            const double t60 = ((t53 ? t52 : 0.0) * m_exp(t29)) * (1.0 / t31);
            const double t62 = t30 ? t60 : 0.0;
            const int t63 = t25 < (-0.6931471805599453);
            const double t70 = -((t37 * (t63 ? t51 : 0.0)) * (1.0 / (1.0 + t38)));
            const double t73 = t51 - (t35 ? t62 : t70);
            const double t74 = t6 ? 0.0 : t73;
            const double t75 = t11 ? 0.0 : t8;
            const double t76 = t20 ? 0.0 : t75;
            const double t77 = t6 ? 0.0 : t76;
            const double t82 = t6 ? t81 : t80;
            c->d[0][j] = t74;
            c->d[1][j] = t77;
            total += weighted(w[j], t48);
            d_own_0 += weighted(w[j], t82);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 3);
    }
    return value;
}
static double hurdle_poisson_2(Rows *c) {
    const double own0 = c->own[0];
    const double t9 = -own0;
    const double t10 = m_log1p(t9);
    const double t43 = m_log(own0);
    const double t79 = 1.0 / (1.0 + t9);
    const double t80 = -t79;
    const double t81 = 1.0 / own0;
    const double t102 = -(t79 * t79);
    const double t104 = -(t81 * t81);
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
            const int t6 = data0[j] == 0.0;
            const double t8 = t6 ? 1.0 : data0[j];
            const int t11 = 0.0 == t8;
            const double t12 = c->mean[1][j] * t8;
            const double t14 = -c->mean[0][j];
            const double t15 = (t11 ? 0.0 : t12) + t14;
            const int t20 = c->mean[0][j] < 0.0;
            const double t25 = t20 ? (-LARGE) : t14;
            const double t27 = m_max((-0.6931471805599453), t25);
            const double t29 = m_min((-1e-300), t27);
            const int t30 = t25 < 0.0;
            const double t31 = m_expm1(t29);
            const double t33 = m_log(-t31);
            const double t34 = t30 ? t33 : (-LARGE);
            const int t35 = (-0.6931471805599453) < t25;
            const double t37 = m_exp(m_min((-0.6931471805599453), t25));
            const double t38 = -t37;
            const double t39 = m_log1p(t38);
            const double t47 = (t10 + (t20 ? (-LARGE) : t15)) - (t35 ? t34 : t39);
            const double t48 = t6 ? t43 : t47;
            const double t51 = t20 ? 0.0 : (-1.0);
            const double t52 = t35 ? t51 : 0.0;
            const int t53 = t27 < (-1e-300);
            const double t54 = t53 ? t52 : 0.0;
            const double t56 = t54 * m_exp(t29);
            const double t58 = 1.0 / t31;
            const double t60 = t56 * t58;
            const double t62 = t30 ? t60 : 0.0;
            const int t63 = t25 < (-0.6931471805599453);
            const double t64 = t63 ? t51 : 0.0;
            const double t65 = t37 * t64;
            const double t68 = 1.0 / (1.0 + t38);
            const double t69 = t65 * t68;
            const double t70 = -t69;
            const double t73 = t51 - (t35 ? t62 : t70);
            const double t74 = t6 ? 0.0 : t73;
            const double t75 = t11 ? 0.0 : t8;
            const double t76 = t20 ? 0.0 : t75;
            const double t77 = t6 ? 0.0 : t76;
            const double t82 = t6 ? t81 : t80;
            const double t89 = (t58 * (t54 * t56)) - (t56 * (t58 * t60));
            const double t90 = t30 ? t89 : 0.0;
            const double t97 = -((t68 * (t64 * t65)) + (t65 * (t68 * t69)));
            const double t99 = -(t35 ? t90 : t97);
            const double t100 = t6 ? 0.0 : t99;
            const double t105 = t6 ? t104 : t102;
            c->d[0][j] = t74;
            c->d[1][j] = t77;
            c->h[0][j] = t100;
            total += weighted(w[j], t48);
            d_own_0 += weighted(w[j], t82);
            h_own_0 += weighted(w[j], t105);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 3); curvatures(c, at, m, 3, 1, 0, 0, 0);
    }
    return value;
}
