/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* beta; own parameters: dispersion; data known for each row: 2. */
static double beta_1(Rows *c) {
    const double own0 = c->own[0];
    const double t5 = m_log(own0);
    const double t10 = m_lgamma(own0);
    const double t46 = 1.0 / own0;
    const double t50 = t46 + m_digamma(own0);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 6, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t6 = c->mean[1][j] + t5;
            const double t7 = c->mean[2][j] + t5;
            const double t8 = m_exp(t6);
            const double t9 = m_exp(t7);
            const double t13 = t8 + 1.0;
            const double t18 = t9 + 1.0;
            const double t31 = (((t7 + ((t6 + t10) - m_lgamma(t13))) - m_lgamma(t18)) + ((t8 + (-1.0)) * data0[j])) + ((t9 + (-1.0)) * data1[j]);
            const double t34 = m_digamma(t13);
            const double t39 = (1.0 - (t8 * t34)) + (t8 * data0[j]);
            const double t40 = m_digamma(t18);
            const double t45 = (1.0 - (t9 * t40)) + (t9 * data1[j]);
            const double t47 = t8 * t46;
            const double t48 = t9 * t46;
            const double t61 = (((t46 + (t50 - (t34 * t47))) - (t40 * t48)) + (data0[j] * t47)) + (data1[j] * t48);
            c->d[1][j] = t39;
            c->d[2][j] = t45;
            total += weighted(w[j], t31);
            d_own_0 += weighted(w[j], t61);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 6);
    }
    return value;
}
static double beta_2(Rows *c) {
    const double own0 = c->own[0];
    const double t5 = m_log(own0);
    const double t10 = m_lgamma(own0);
    const double t46 = 1.0 / own0;
    const double t50 = t46 + m_digamma(own0);
    const double t84 = t46 * t46;
    const double t85 = -t84;
    const double t95 = t85 + m_trigamma(own0);
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 6, 1);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        const double *data1 = c->known[1] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        double h_own_0 = 0.0;
        SIMD_SUM(total, d_own_0, h_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t6 = c->mean[1][j] + t5;
            const double t7 = c->mean[2][j] + t5;
            const double t8 = m_exp(t6);
            const double t9 = m_exp(t7);
            const double t13 = t8 + 1.0;
            const double t18 = t9 + 1.0;
            const double t31 = (((t7 + ((t6 + t10) - m_lgamma(t13))) - m_lgamma(t18)) + ((t8 + (-1.0)) * data0[j])) + ((t9 + (-1.0)) * data1[j]);
            const double t34 = m_digamma(t13);
            const double t35 = t8 * t34;
            const double t38 = t8 * data0[j];
            const double t39 = (1.0 - t35) + t38;
            const double t40 = m_digamma(t18);
            const double t41 = t9 * t40;
            const double t44 = t9 * data1[j];
            const double t45 = (1.0 - t41) + t44;
            const double t47 = t8 * t46;
            const double t48 = t9 * t46;
            const double t51 = t34 * t47;
            const double t55 = t40 * t48;
            const double t58 = data0[j] * t47;
            const double t60 = data1[j] * t48;
            const double t61 = (((t46 + (t50 - t51)) - t55) + t58) + t60;
            const double t62 = m_trigamma(t13);
            const double t67 = t38 - (t35 + (t8 * (t8 * t62)));
            const double t68 = m_trigamma(t18);
            const double t73 = t44 - (t41 + (t9 * (t9 * t68)));
            const double t74 = t47 * t62;
            const double t78 = t58 - (t51 + (t8 * t74));
            const double t79 = t48 * t68;
            const double t83 = t60 - (t55 + (t9 * t79));
            const double t89 = (t46 * t47) - (t8 * t84);
            const double t93 = (t46 * t48) - (t9 * t84);
            const double t110 = (((t85 + (t95 - ((t47 * t74) + (t34 * t89)))) - ((t48 * t79) + (t40 * t93))) + (data0[j] * t89)) + (data1[j] * t93);
            c->d[1][j] = t39;
            c->d[2][j] = t45;
            c->h[2][j] = t67;
            c->h[5][j] = t73;
            c->mixed[0][1][j] = t78;
            c->mixed[0][2][j] = t83;
            total += weighted(w[j], t31);
            d_own_0 += weighted(w[j], t61);
            h_own_0 += weighted(w[j], t110);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 6); curvatures(c, at, m, 6, 36, 6, 0, 0);
    }
    return value;
}
