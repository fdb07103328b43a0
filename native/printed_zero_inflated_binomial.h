/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* zero_inflated_binomial; own parameters: zi; data known for each row: 3. */
static double zero_inflated_binomial_1(Rows *c) {
    const double own0 = c->own[0];
    const double t6 = -own0;
    const double t7 = m_log1p(t6);
    const double t31 = m_log(own0);
    const double t39 = -t31;
    const double t49 = 1.0 / (t6 + 1.0);
    const double t50 = -t49;
    const double t51 = 1.0 / own0;
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
            const double t16 = data0[j] - data1[j];
            const int t22 = data1[j] == 0.0;
            const double t23 = c->mean[1][j] * data1[j];
            const double t24 = t22 ? 0.0 : t23;
            const int t26 = t16 == 0.0;
            const double t27 = c->mean[2][j] * t16;
            const double t28 = t26 ? 0.0 : t27;
            const double t30 = t7 + ((data2[j] + t24) + t28);
            const double t32 = m_logaddexp(t30, t31);
            const double t35 = t7 + (t24 + t28);
            const double t36 = t22 ? t32 : t35;
            const double t41 = m_sigmoid(t30 + t39);
            const double t42 = (t22 ? 0.0 : data1[j]) * t41;
            const double t43 = t22 ? t42 : data1[j];
            const double t44 = t26 ? 0.0 : t16;
            const double t45 = t41 * t44;
            const double t46 = t22 ? t45 : t44;
            const double t58 = (t51 * m_sigmoid(t31 - t30)) - (t41 * t49);
            const double t59 = t22 ? t58 : t50;
            c->d[1][j] = t43;
            c->d[2][j] = t46;
            total += weighted(w[j], t36);
            d_own_0 += weighted(w[j], t59);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 6);
    }
    return value;
}
static double zero_inflated_binomial_2(Rows *c) {
    const double own0 = c->own[0];
    const double t6 = -own0;
    const double t7 = m_log1p(t6);
    const double t31 = m_log(own0);
    const double t39 = -t31;
    const double t49 = 1.0 / (t6 + 1.0);
    const double t50 = -t49;
    const double t51 = 1.0 / own0;
    const double t72 = t49 + t51;
    const double t82 = t49 * t49;
    const double t83 = -t82;
    const double t84 = t51 * t51;
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
            const double t16 = data0[j] - data1[j];
            const int t22 = data1[j] == 0.0;
            const double t23 = c->mean[1][j] * data1[j];
            const double t24 = t22 ? 0.0 : t23;
            const int t26 = t16 == 0.0;
            const double t27 = c->mean[2][j] * t16;
            const double t28 = t26 ? 0.0 : t27;
            const double t30 = t7 + ((data2[j] + t24) + t28);
            const double t32 = m_logaddexp(t30, t31);
            const double t35 = t7 + (t24 + t28);
            const double t36 = t22 ? t32 : t35;
            const double t38 = t22 ? 0.0 : data1[j];
            const double t40 = t30 + t39;
            const double t41 = m_sigmoid(t40);
            const double t42 = t38 * t41;
            const double t43 = t22 ? t42 : data1[j];
            const double t44 = t26 ? 0.0 : t16;
            const double t45 = t41 * t44;
            const double t46 = t22 ? t45 : t44;
            const double t55 = t31 - t30;
            const double t56 = m_sigmoid(t55);
            const double t58 = (t51 * t56) - (t41 * t49);
            const double t59 = t22 ? t58 : t50;
            const double t62 = t41 * m_sigmoid(-t40);
            const double t63 = t38 * t62;
            const double t64 = t38 * t63;
            const double t65 = t22 ? t64 : 0.0;
            const double t66 = t44 * t63;
            const double t67 = t22 ? t66 : 0.0;
            const double t69 = t44 * (t44 * t62);
            const double t70 = t22 ? t69 : 0.0;
            const double t74 = t62 * t72;
            const double t77 = -(t38 * t74);
            const double t78 = t22 ? t77 : 0.0;
            const double t80 = -(t44 * t74);
            const double t81 = t22 ? t80 : 0.0;
            const double t99 = ((t51 * (t72 * (t56 * m_sigmoid(-t55)))) - (t56 * t84)) - ((t41 * t82) - (t49 * t74));
            const double t100 = t22 ? t99 : t83;
            c->d[1][j] = t43;
            c->d[2][j] = t46;
            c->h[2][j] = t65;
            c->h[4][j] = t67;
            c->h[5][j] = t70;
            c->mixed[0][1][j] = t78;
            c->mixed[0][2][j] = t81;
            total += weighted(w[j], t36);
            d_own_0 += weighted(w[j], t59);
            h_own_0 += weighted(w[j], t100);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 6); curvatures(c, at, m, 6, 52, 6, 0, 0);
    }
    return value;
}
