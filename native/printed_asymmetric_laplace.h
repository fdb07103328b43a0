/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* asymmetric_laplace; own parameters: sigma, quantile; data known for each row: 1. */
static double asymmetric_laplace_1(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t10 = -own1;
    const double t15 = (m_log(own1) + m_log1p(t10)) - m_log(own0);
    const double t19 = own1 + (-1.0);
    const double t27 = 1.0 / own0;
    const double t30 = -(t19 * t27);
    const double t32 = -(own1 * t27);
    const double t49 = (1.0 / own1) - (1.0 / (t10 + 1.0));
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
            const double t8 = (data0[j] - c->mean[0][j]) / own0;
            const int t17 = t8 < 0.0;
            const double t20 = t8 * t19;
            const double t21 = own1 * t8;
            const double t24 = t15 - (t17 ? t20 : t21);
            const double t34 = -(t17 ? t30 : t32);
            const double t35 = t8 * t27;
            const double t38 = -(t19 * t35);
            const double t40 = -(own1 * t35);
            const double t44 = -(t27 + (t17 ? t38 : t40));
            const double t51 = t49 - t8;
            c->d[0][j] = t34;
            total += weighted(w[j], t24);
            d_own_0 += weighted(w[j], t44);
            d_own_1 += weighted(w[j], t51);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->d_own[1] += d_own_1;
        slopes(c, at, m, 1);
    }
    return value;
}
static double asymmetric_laplace_2(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t10 = -own1;
    const double t15 = (m_log(own1) + m_log1p(t10)) - m_log(own0);
    const double t19 = own1 + (-1.0);
    const double t27 = 1.0 / own0;
    const double t30 = -(t19 * t27);
    const double t32 = -(own1 * t27);
    const double t45 = 1.0 / own1;
    const double t47 = 1.0 / (t10 + 1.0);
    const double t49 = t45 - t47;
    const double t52 = t27 * t27;
    const double t53 = -t52;
    const double t54 = t19 * t52;
    const double t56 = own1 * t52;
    const double t78 = -((t45 * t45) + (t47 * t47));
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
            const double t8 = (data0[j] - c->mean[0][j]) / own0;
            const int t17 = t8 < 0.0;
            const double t20 = t8 * t19;
            const double t21 = own1 * t8;
            const double t24 = t15 - (t17 ? t20 : t21);
            const double t34 = -(t17 ? t30 : t32);
            const double t35 = t8 * t27;
            const double t38 = -(t19 * t35);
            const double t40 = -(own1 * t35);
            const double t44 = -(t27 + (t17 ? t38 : t40));
            const double t51 = t49 - t8;
            const double t59 = -(t17 ? t54 : t56);
            const double t64 = (t27 * t35) + (t8 * t52);
            const double t66 = t19 * t64;
            const double t68 = own1 * t64;
            const double t72 = -(t53 + (t17 ? t66 : t68));
            c->d[0][j] = t34;
            c->mixed[0][0][j] = t59;
            c->mixed[1][0][j] = t27;
            total += weighted(w[j], t24);
            d_own_0 += weighted(w[j], t44);
            d_own_1 += weighted(w[j], t51);
            h_own_0 += weighted(w[j], t72);
            h_own_2 += weighted(w[j], t35);
            h_own_3 += weighted(w[j], t78);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->d_own[1] += d_own_1;
        c->h_own[0] += h_own_0;
        c->h_own[2] += h_own_2;
        c->h_own[3] += h_own_3;
        slopes(c, at, m, 1); curvatures(c, at, m, 1, 0, 1, 1, 0);
    }
    return value;
}
