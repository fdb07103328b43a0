/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* zero_inflated_poisson; own parameters: zi; data known for each row: 2. */
static double zero_inflated_poisson_1(Rows *c) {
    const double own0 = c->own[0];
    const double t5 = -own0;
    const double t6 = m_log1p(t5);
    const double t22 = m_log(own0);
    const double t32 = -t22;
    const double t42 = 1.0 / (t5 + 1.0);
    const double t43 = -t42;
    const double t44 = 1.0 / own0;
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
            const int t8 = data0[j] == 0.0;
            const double t9 = c->mean[1][j] * data0[j];
            const double t12 = (t8 ? 0.0 : t9) - c->mean[0][j];
            const double t17 = t12 + data1[j];
            const int t18 = c->mean[0][j] < 0.0;
            const double t21 = t6 + (t18 ? (-LARGE) : t17);
            const double t23 = m_logaddexp(t21, t22);
            const double t27 = t6 + (t18 ? (-LARGE) : t12);
            const double t28 = t8 ? t23 : t27;
            const double t31 = t18 ? 0.0 : (-1.0);
            const double t34 = m_sigmoid(t21 + t32);
            const double t35 = t31 * t34;
            const double t36 = t8 ? t35 : t31;
            const double t37 = t8 ? 0.0 : data0[j];
            const double t38 = t18 ? 0.0 : t37;
            const double t39 = t34 * t38;
            const double t40 = t8 ? t39 : t38;
            const double t51 = (t44 * m_sigmoid(t22 - t21)) - (t34 * t42);
            const double t52 = t8 ? t51 : t43;
            c->d[0][j] = t36;
            c->d[1][j] = t40;
            total += weighted(w[j], t28);
            d_own_0 += weighted(w[j], t52);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 3);
    }
    return value;
}
static double zero_inflated_poisson_2(Rows *c) {
    const double own0 = c->own[0];
    const double t5 = -own0;
    const double t6 = m_log1p(t5);
    const double t22 = m_log(own0);
    const double t32 = -t22;
    const double t42 = 1.0 / (t5 + 1.0);
    const double t43 = -t42;
    const double t44 = 1.0 / own0;
    const double t65 = t42 + t44;
    const double t75 = t42 * t42;
    const double t76 = -t75;
    const double t77 = t44 * t44;
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
            const int t8 = data0[j] == 0.0;
            const double t9 = c->mean[1][j] * data0[j];
            const double t12 = (t8 ? 0.0 : t9) - c->mean[0][j];
            const double t17 = t12 + data1[j];
            const int t18 = c->mean[0][j] < 0.0;
            const double t21 = t6 + (t18 ? (-LARGE) : t17);
            const double t23 = m_logaddexp(t21, t22);
            const double t27 = t6 + (t18 ? (-LARGE) : t12);
            const double t28 = t8 ? t23 : t27;
            const double t31 = t18 ? 0.0 : (-1.0);
            const double t33 = t21 + t32;
            const double t34 = m_sigmoid(t33);
            const double t35 = t31 * t34;
            const double t36 = t8 ? t35 : t31;
            const double t37 = t8 ? 0.0 : data0[j];
            const double t38 = t18 ? 0.0 : t37;
            const double t39 = t34 * t38;
            const double t40 = t8 ? t39 : t38;
            const double t48 = t22 - t21;
            const double t49 = m_sigmoid(t48);
            const double t51 = (t44 * t49) - (t34 * t42);
            const double t52 = t8 ? t51 : t43;
            const double t55 = t34 * m_sigmoid(-t33);
            const double t56 = t31 * t55;
            const double t57 = t31 * t56;
            const double t58 = t8 ? t57 : 0.0;
            const double t59 = t38 * t56;
            const double t60 = t8 ? t59 : 0.0;
            const double t62 = t38 * (t38 * t55);
            const double t63 = t8 ? t62 : 0.0;
            const double t67 = t55 * t65;
            const double t70 = -(t31 * t67);
            const double t71 = t8 ? t70 : 0.0;
            const double t73 = -(t38 * t67);
            const double t74 = t8 ? t73 : 0.0;
            const double t92 = ((t44 * (t65 * (t49 * m_sigmoid(-t48)))) - (t49 * t77)) - ((t34 * t75) - (t42 * t67));
            const double t93 = t8 ? t92 : t76;
            c->d[0][j] = t36;
            c->d[1][j] = t40;
            c->h[0][j] = t58;
            c->h[1][j] = t60;
            c->h[2][j] = t63;
            c->mixed[0][0][j] = t71;
            c->mixed[0][1][j] = t74;
            total += weighted(w[j], t28);
            d_own_0 += weighted(w[j], t52);
            h_own_0 += weighted(w[j], t93);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 3); curvatures(c, at, m, 3, 7, 3, 0, 0);
    }
    return value;
}
