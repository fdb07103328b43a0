/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* skew_normal; own parameters: sigma, skew; data known for each row: 1. */
static double skew_normal_1(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t0 = sqrt(1.0 + (own1 * own1));
    const double t1 = (own1 * 0.7978845608028654) / t0;
    const double t2 = sqrt(1.0 - (t1 * t1));
    const double t3 = own0 / t2;
    const double t4 = m_log(t3);
    const double t5 = 1.0 / t3;
    const double t6 = own1 * t5;
    const double t7 = 1.0 / t2;
    const double t8 = t5 * t7;
    const double t9 = 1.0 / t0;
    const double t10 = (0.7978845608028654 * t9) - (t1 * (((own1 * 2.0) * (0.5 / t0)) * t9));
    const double t11 = t5 * (t3 * (t7 * ((2.0 * (t1 * t10)) * (0.5 / t2))));
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 1, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double d_own_1 = 0.0;
        SIMD_SUM(total, d_own_0, d_own_1)
        for (int64_t j = 0; j < m; j++) {
            const double t12 = (data0[j] - c->mean[0][j]) / t3;
            const double t13 = t1 + t12;
            const double t14 = own1 * t13;
            const double t15 = m_log_normal_cdf(t14) - ((((t13 * t13) + 1.8378770664093453) * 0.5) + t4);
            const double t16 = m_normal_hazard(t14);
            const double t17 = (t13 * t5) - (t6 * t16);
            const double t18 = t12 * t8;
            const double t19 = -((t8 - (t13 * t18)) + (t16 * (own1 * t18)));
            const double t20 = t10 - (t12 * t11);
            const double t21 = (t16 * (t13 + (own1 * t20))) - (t11 + (t13 * t20));
            c->d[0][j] = t17;
            total += weighted(w[j], t15);
            d_own_0 += weighted(w[j], t19);
            d_own_1 += weighted(w[j], t21);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->d_own[1] += d_own_1;
        slopes(c, at, m, 1);
    }
    return value;
}
static double skew_normal_2(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t0 = sqrt(1.0 + (own1 * own1));
    const double t1 = (own1 * 0.7978845608028654) / t0;
    const double t2 = sqrt(1.0 - (t1 * t1));
    const double t3 = own0 / t2;
    const double t4 = m_log(t3);
    const double t5 = 1.0 / t3;
    const double t6 = own1 * t5;
    const double t7 = 1.0 / t2;
    const double t8 = t5 * t7;
    const double t9 = own1 * 2.0;
    const double t10 = 0.5 / t0;
    const double t11 = t9 * t10;
    const double t12 = 1.0 / t0;
    const double t13 = t11 * t12;
    const double t14 = (0.7978845608028654 * t12) - (t1 * t13);
    const double t15 = 2.0 * (t1 * t14);
    const double t16 = 0.5 / t2;
    const double t17 = t15 * t16;
    const double t18 = t7 * t17;
    const double t19 = t3 * t18;
    const double t20 = t5 * t19;
    const double t21 = t5 * t5;
    const double t22 = t5 * t8;
    const double t23 = own1 * t22;
    const double t24 = t5 * t20;
    const double t25 = t5 - (own1 * t24);
    const double t26 = t7 * t22;
    const double t27 = -t26;
    const double t28 = t7 * t18;
    const double t29 = (t5 * t28) - (t19 * t22);
    const double t30 = t12 * t13;
    const double t31 = (0.7978845608028654 * t30) + ((t13 * t14) + (t1 * ((t12 * ((2.0 * t10) - (t9 * (t10 * t13)))) - (t11 * t30))));
    const double t32 = (t18 * t19) + (t3 * ((t17 * t28) + (t7 * ((t16 * (2.0 * ((t14 * t14) - (t1 * t31)))) + (t15 * (t16 * t18))))));
    const double t33 = (t5 * t32) - (t19 * t24);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 1, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double d_own_1 = 0.0;
        double h_own_0 = 0.0;
        double h_own_2 = 0.0;
        double h_own_3 = 0.0;
        SIMD_SUM(total, d_own_0, d_own_1, h_own_0, h_own_2, h_own_3)
        for (int64_t j = 0; j < m; j++) {
            const double t34 = (data0[j] - c->mean[0][j]) / t3;
            const double t35 = t1 + t34;
            const double t36 = own1 * t35;
            const double t37 = m_log_normal_cdf(t36) - ((((t35 * t35) + 1.8378770664093453) * 0.5) + t4);
            const double t38 = m_normal_hazard(t36);
            const double t39 = (t35 * t5) - (t6 * t38);
            const double t40 = t34 * t8;
            const double t41 = own1 * t40;
            const double t42 = -((t8 - (t35 * t40)) + (t38 * t41));
            const double t43 = t34 * t20;
            const double t44 = t14 - t43;
            const double t45 = t35 + (own1 * t44);
            const double t46 = (t38 * t45) - (t20 + (t35 * t44));
            const double t47 = m_min(-50.0, t36);
            const int t48 = t36 < (-50.0);
            const double t49 = -(1.0 / (t47 + (2.0 / (t47 + (3.0 / (t47 + (4.0 / (t47 + (5.0 / (t47 + (6.0 / t47)))))))))));
            const double t50 = t36 + t38;
            const double t51 = t38 * (t48 ? t49 : t50);
            const double t52 = -(t21 + (t6 * (t6 * t51)));
            const double t53 = t41 * t51;
            const double t54 = -(((t5 * t40) + (t35 * t22)) + ((t6 * t53) - (t38 * t23)));
            const double t55 = t45 * t51;
            const double t56 = ((t5 * t44) - (t35 * t24)) - ((t38 * t25) - (t6 * t55));
            const double t57 = (t8 * t40) + (t34 * t26);
            const double t58 = -((t27 + ((t40 * t40) + (t35 * t57))) + ((t41 * t53) - (t38 * (own1 * t57))));
            const double t59 = (t34 * t29) - (t40 * t20);
            const double t60 = ((t45 * t53) - (t38 * (t40 + (own1 * t59)))) - (t29 - ((t40 * t44) + (t35 * t59)));
            const double t61 = t31 + ((t34 * t33) - (t20 * t43));
            const double t62 = ((t38 * (t44 + (t44 - (own1 * t61)))) - (t45 * t55)) - (t33 + ((t44 * t44) - (t35 * t61)));
            c->d[0][j] = t39;
            c->h[0][j] = t52;
            c->mixed[0][0][j] = t54;
            c->mixed[1][0][j] = t56;
            total += weighted(w[j], t37);
            d_own_0 += weighted(w[j], t42);
            d_own_1 += weighted(w[j], t46);
            h_own_0 += weighted(w[j], t58);
            h_own_2 += weighted(w[j], t60);
            h_own_3 += weighted(w[j], t62);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->d_own[1] += d_own_1;
        c->h_own[0] += h_own_0;
        c->h_own[2] += h_own_2;
        c->h_own[3] += h_own_3;
        slopes(c, at, m, 1); curvatures(c, at, m, 1, 1, 1, 1, 0);
    }
    return value;
}
