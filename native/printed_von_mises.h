/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* von_mises; own parameters: concentration; data known for each row: 1. */
static double von_mises_1(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = own0 * 2.0;
    const double t1 = m_min(500.0, own0);
    const double t2 = m_i0e(t1);
    const double t3 = m_log(t2);
    const int t4 = own0 < 500.0;
    const double t5 = m_max(500.0, own0);
    const double t6 = 1.0 / t5;
    const double t7 = (t6 * 0.22710800170898438) + 0.112152099609375;
    const double t8 = (t6 * t7) + 0.0732421875;
    const double t9 = (t6 * t8) + 0.0703125;
    const double t10 = (t6 * t9) + 0.125;
    const double t11 = t6 * t10;
    const double t12 = t5 * 6.283185307179586;
    const double t13 = m_log1p(t11) - (0.5 * m_log(t12));
    const double t14 = t4 ? t3 : t13;
    const double t15 = ((t4 ? 1.0 : 0.0) * (m_i1e(t1) - t2)) * (1.0 / t2);
    const int t16 = 500.0 < own0;
    const double t17 = t16 ? 1.0 : 0.0;
    const double t18 = t6 * (t6 * t17);
    const double t19 = t6 * ((t9 * t18) + (t6 * ((t8 * t18) + (t6 * ((t7 * t18) + (t6 * (0.22710800170898438 * t18)))))));
    const double t20 = -((((t10 * t18) + t19) * (1.0 / (1.0 + t11))) + (0.5 * ((6.283185307179586 * t17) * (1.0 / t12))));
    const double t21 = t4 ? t15 : t20;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 1, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t22 = (data0[j] - c->mean[0][j]) * 0.5;
            const double t23 = sin(t22);
            const double t24 = t23 * t0;
            const double t25 = -((t23 * t24) + t14);
            const double t26 = 0.5 * cos(t22);
            const double t27 = (t24 * t26) + (t23 * (t0 * t26));
            const double t28 = -((t23 * (t23 * 2.0)) + t21);
            c->d[0][j] = t27;
            total += weighted(w[j], t25);
            d_own_0 += weighted(w[j], t28);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 1);
    }
    return value;
}
static double von_mises_2(Rows *c) {
    const double own0 = c->own[0];
    const double t0 = own0 * 2.0;
    const double t1 = m_min(500.0, own0);
    const double t2 = m_i0e(t1);
    const double t3 = m_log(t2);
    const int t4 = own0 < 500.0;
    const double t5 = m_max(500.0, own0);
    const double t6 = 1.0 / t5;
    const double t7 = (t6 * 0.22710800170898438) + 0.112152099609375;
    const double t8 = (t6 * t7) + 0.0732421875;
    const double t9 = (t6 * t8) + 0.0703125;
    const double t10 = (t6 * t9) + 0.125;
    const double t11 = t6 * t10;
    const double t12 = t5 * 6.283185307179586;
    const double t13 = m_log1p(t11) - (0.5 * m_log(t12));
    const double t14 = t4 ? t3 : t13;
    const double t15 = t4 ? 1.0 : 0.0;
    const double t16 = m_i1e(t1);
    const double t17 = t15 * (t16 - t2);
    const double t18 = 1.0 / t2;
    const double t19 = t17 * t18;
    const int t20 = 500.0 < own0;
    const double t21 = t20 ? 1.0 : 0.0;
    const double t22 = t6 * t21;
    const double t23 = t6 * t22;
    const double t24 = 0.22710800170898438 * t23;
    const double t25 = (t7 * t23) + (t6 * t24);
    const double t26 = (t8 * t23) + (t6 * t25);
    const double t27 = (t9 * t23) + (t6 * t26);
    const double t28 = (t10 * t23) + (t6 * t27);
    const double t29 = 1.0 / (1.0 + t11);
    const double t30 = t28 * t29;
    const double t31 = 6.283185307179586 * t21;
    const double t32 = 1.0 / t12;
    const double t33 = t31 * t32;
    const double t34 = -(t30 + (0.5 * t33));
    const double t35 = t4 ? t19 : t34;
    const double t36 = (t18 * (t15 * ((t15 * ((t2 - t16) - (t16 / t1))) - t17))) - (t17 * (t18 * t19));
    const double t37 = (t22 * t23) + (t6 * (t21 * t23));
    const double t38 = t23 * t24;
    const double t39 = t23 * t25;
    const double t40 = (t39 + (t8 * t37)) + (t39 + (t6 * ((t38 + (t7 * t37)) + (t38 + (t6 * (0.22710800170898438 * t37))))));
    const double t41 = t23 * t26;
    const double t42 = t23 * t27;
    const double t43 = (t28 * (t29 * t30)) - (t29 * ((t42 + (t10 * t37)) + (t42 + (t6 * ((t41 + (t9 * t37)) + (t41 + (t6 * t40)))))));
    const double t44 = -(t43 - (0.5 * (t31 * (t32 * t33))));
    const double t45 = -(t4 ? t36 : t44);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 1, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double h_own_0 = 0.0;
        SIMD_SUM(total, d_own_0, h_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t46 = (data0[j] - c->mean[0][j]) * 0.5;
            const double t47 = sin(t46);
            const double t48 = t47 * t0;
            const double t49 = -((t47 * t48) + t14);
            const double t50 = cos(t46);
            const double t51 = 0.5 * t50;
            const double t52 = t0 * t51;
            const double t53 = (t48 * t51) + (t47 * t52);
            const double t54 = t47 * 2.0;
            const double t55 = -((t47 * t54) + t35);
            const double t56 = t47 * 0.25;
            const double t57 = -(t51 * t52);
            const double t58 = (t57 + (t48 * t56)) + (t57 + (t47 * (t0 * t56)));
            const double t59 = (t51 * t54) + (t47 * t50);
            c->d[0][j] = t53;
            c->h[0][j] = t58;
            c->mixed[0][0][j] = t59;
            total += weighted(w[j], t49);
            d_own_0 += weighted(w[j], t55);
            h_own_0 += weighted(w[j], t45);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 1); curvatures(c, at, m, 1, 1, 1, 0, 0);
    }
    return value;
}
