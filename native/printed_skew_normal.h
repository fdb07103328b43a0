/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* skew_normal; own parameters: sigma, skew; data known for each row: 1. */
static double skew_normal_1(Rows *c) {
    const double own0 = c->own[0];
    const double own1 = c->own[1];
    const double t11 = sqrt(1.0 + (own1 * own1));
    const double t12 = (own1 * 0.7978845608028654) / t11;
    const double t16 = sqrt(1.0 - (t12 * t12));
    const double t17 = own0 / t16;
    const double t29 = m_log(t17);
    const double t42 = 1.0 / t17;
    const double t49 = own1 * t42;
    const double t55 = 1.0 / t16;
    const double t56 = t42 * t55;
    const double t74 = 1.0 / t11;
    const double t79 = (0.7978845608028654 * t74) - (t12 * (((own1 * 2.0) * (0.5 / t11)) * t74));
    const double t90 = t42 * (t17 * (t55 * ((2.0 * (t12 * t79)) * (0.5 / t16))));
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
            const double t20 = (data0[j] - c->mean[0][j]) / t17;
            const double t21 = t12 + t20;
            const double t35 = own1 * t21;
            const double t40 = m_log_normal_cdf(t35) - ((((t21 * t21) + 1.8378770664093453) * 0.5) + t29);
            const double t51 = m_normal_hazard(t35);
            const double t54 = (t21 * t42) - (t49 * t51);
            const double t57 = t20 * t56;
            const double t70 = -((t56 - (t21 * t57)) + (t51 * (own1 * t57)));
            const double t93 = t79 - (t20 * t90);
            const double t101 = (t51 * (t21 + (own1 * t93))) - (t90 + (t21 * t93));
            c->d[0][j] = t54;
            total += weighted(w[j], t40);
            d_own_0 += weighted(w[j], t70);
            d_own_1 += weighted(w[j], t101);
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
    const double t11 = sqrt(1.0 + (own1 * own1));
    const double t12 = (own1 * 0.7978845608028654) / t11;
    const double t16 = sqrt(1.0 - (t12 * t12));
    const double t17 = own0 / t16;
    const double t29 = m_log(t17);
    const double t42 = 1.0 / t17;
    const double t49 = own1 * t42;
    const double t55 = 1.0 / t16;
    const double t56 = t42 * t55;
    const double t71 = own1 * 2.0;
    const double t72 = 0.5 / t11;
    const double t73 = t71 * t72;
    const double t74 = 1.0 / t11;
    const double t76 = t73 * t74;
    const double t79 = (0.7978845608028654 * t74) - (t12 * t76);
    const double t81 = 2.0 * (t12 * t79);
    const double t83 = 0.5 / t16;
    const double t84 = t81 * t83;
    const double t86 = t55 * t84;
    const double t88 = t17 * t86;
    const double t90 = t42 * t88;
    const double t102 = t42 * t42;
    const double t143 = t42 * t56;
    const double t151 = own1 * t143;
    const double t162 = t42 * t90;
    const double t170 = t42 - (own1 * t162);
    const double t179 = t55 * t143;
    const double t180 = -t179;
    const double t202 = t55 * t86;
    const double t206 = (t42 * t202) - (t88 * t143);
    const double t236 = t74 * t76;
    const double t248 = (0.7978845608028654 * t236) + ((t76 * t79) + (t12 * ((t74 * ((2.0 * t72) - (t71 * (t72 * t76)))) - (t73 * t236))));
    const double t264 = t17 * ((t84 * t202) + (t55 * ((t83 * (2.0 * ((t79 * t79) - (t12 * t248)))) + (t81 * (t83 * t86)))));
    const double t269 = (t42 * ((t86 * t88) + t264)) - (t88 * t162);
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
            const double t20 = (data0[j] - c->mean[0][j]) / t17;
            const double t21 = t12 + t20;
            const double t35 = own1 * t21;
            const double t40 = m_log_normal_cdf(t35) - ((((t21 * t21) + 1.8378770664093453) * 0.5) + t29);
            const double t51 = m_normal_hazard(t35);
            const double t54 = (t21 * t42) - (t49 * t51);
            const double t57 = t20 * t56;
            const double t65 = own1 * t57;
            const double t70 = -((t56 - (t21 * t57)) + (t51 * t65));
            const double t91 = t20 * t90;
            const double t93 = t79 - t91;
            const double t99 = t21 + (own1 * t93);
            const double t101 = (t51 * t99) - (t90 + (t21 * t93));
            const double t105 = m_min((-50.0), t35);
            const int t131 = t35 < (-50.0);
            const double t133 = -(1.0 / (t105 + (2.0 / (t105 + (3.0 / (t105 + (4.0 / (t105 + (5.0 / (t105 + (6.0 / t105)))))))))));
            const double t134 = t35 + t51;
            const double t136 = t51 * (t131 ? t133 : t134);
            const double t142 = -(t102 + (t49 * (t49 * t136)));
            const double t153 = t65 * t136;
            const double t161 = -(((t42 * t57) + (t21 * t143)) + ((t49 * t153) - (t51 * t151)));
            const double t171 = t99 * t136;
            const double t178 = ((t42 * t93) - (t21 * t162)) - ((t51 * t170) - (t49 * t171));
            const double t185 = (t56 * t57) + (t20 * t179);
            const double t201 = -((t180 + ((t57 * t57) + (t21 * t185))) + ((t65 * t153) - (t51 * (own1 * t185))));
            const double t210 = (t20 * t206) - (t57 * t90);
            const double t228 = ((t99 * t153) - (t51 * (t57 + (own1 * t210)))) - (t206 - ((t57 * t93) + (t21 * t210)));
            const double t275 = t248 + ((t20 * t269) - (t90 * t91));
            const double t291 = ((t51 * (t93 + (t93 - (own1 * t275)))) - (t99 * t171)) - (t269 + ((t93 * t93) - (t21 * t275)));
            c->d[0][j] = t54;
            c->h[0][j] = t142;
            c->mixed[0][0][j] = t161;
            c->mixed[1][0][j] = t178;
            total += weighted(w[j], t40);
            d_own_0 += weighted(w[j], t70);
            d_own_1 += weighted(w[j], t101);
            h_own_0 += weighted(w[j], t201);
            h_own_2 += weighted(w[j], t228);
            h_own_3 += weighted(w[j], t291);
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
