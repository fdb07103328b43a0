/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
/* von_mises; own parameters: concentration; data known for each row: 1. */
static double von_mises_1(Rows *c) {
    const double own0 = c->own[0];
    const double t12 = own0 * 2.0;
    const double t21 = m_min(500.0, own0);
    const double t22 = m_i0e(t21);
    const double t23 = m_log(t22);
    const int t24 = own0 < 500.0;
    const double t25 = m_max(500.0, own0);
    const double t27 = 1.0 / t25;
    const double t31 = (t27 * 0.22710800170898438) + 0.112152099609375;
    const double t34 = (t27 * t31) + 0.0732421875;
    const double t37 = (t27 * t34) + 0.0703125;
    const double t40 = (t27 * t37) + 0.125;
    const double t41 = t27 * t40;
    const double t44 = t25 * 6.283185307179586;
    const double t48 = m_log1p(t41) - (0.5 * m_log(t44));
    const double t49 = t24 ? t23 : t48;
    const double t77 = ((t24 ? 1.0 : 0.0) * (m_i1e(t21) - t22)) * (1.0 / t22);
    const int t78 = 500.0 < own0;
    const double t79 = t78 ? 1.0 : 0.0;
    const double t81 = t27 * (t27 * t79);
    const double t101 = (t37 * t81) + (t27 * ((t34 * t81) + (t27 * ((t31 * t81) + (t27 * (0.22710800170898438 * t81))))));
    const double t118 = (((t40 * t81) + (t27 * t101)) * (1.0 / (1.0 + t41))) + (0.5 * ((6.283185307179586 * t79) * (1.0 / t44)));
    const double t119 = -t118;
    const double t120 = t24 ? t77 : t119;
    double value = 0.0;
    for (int64_t at = 0; at < c->n; at += BLOCK) {
        const int64_t m = means(c, at, 1, 0);
        const double *w = c->w;
        const double *data0 = c->known[0] + at;
        double total = 0.0;
        double d_own_0 = 0.0;
        SIMD_SUM(total, d_own_0)
        for (int64_t j = 0; j < m; j++) {
            const double t8 = (data0[j] - c->mean[0][j]) * 0.5;
            const double t9 = sin(t8);
            const double t14 = t9 * t12;
            const double t55 = -((t9 * t14) + t49);
            const double t59 = 0.5 * cos(t8);
            const double t67 = (t14 * t59) + (t9 * (t12 * t59));
            const double t122 = -((t9 * (t9 * 2.0)) + t120);
            c->d[0][j] = t67;
            total += weighted(w[j], t55);
            d_own_0 += weighted(w[j], t122);
        }
        value += total;
        c->d_own[0] += d_own_0;
        slopes(c, at, m, 1);
    }
    return value;
}
static double von_mises_2(Rows *c) {
    const double own0 = c->own[0];
    const double t12 = own0 * 2.0;
    const double t21 = m_min(500.0, own0);
    const double t22 = m_i0e(t21);
    const double t23 = m_log(t22);
    const int t24 = own0 < 500.0;
    const double t25 = m_max(500.0, own0);
    const double t27 = 1.0 / t25;
    const double t31 = (t27 * 0.22710800170898438) + 0.112152099609375;
    const double t34 = (t27 * t31) + 0.0732421875;
    const double t37 = (t27 * t34) + 0.0703125;
    const double t40 = (t27 * t37) + 0.125;
    const double t41 = t27 * t40;
    const double t44 = t25 * 6.283185307179586;
    const double t48 = m_log1p(t41) - (0.5 * m_log(t44));
    const double t49 = t24 ? t23 : t48;
    const double t71 = t24 ? 1.0 : 0.0;
    const double t72 = m_i1e(t21);
    const double t75 = t71 * (t72 - t22);
    const double t76 = 1.0 / t22;
    const double t77 = t75 * t76;
    const int t78 = 500.0 < own0;
    const double t79 = t78 ? 1.0 : 0.0;
    const double t80 = t27 * t79;
    const double t81 = t27 * t80;
    const double t83 = 0.22710800170898438 * t81;
    const double t89 = (t31 * t81) + (t27 * t83);
    const double t95 = (t34 * t81) + (t27 * t89);
    const double t101 = (t37 * t81) + (t27 * t95);
    const double t107 = (t40 * t81) + (t27 * t101);
    const double t110 = 1.0 / (1.0 + t41);
    const double t111 = t107 * t110;
    const double t113 = 6.283185307179586 * t79;
    const double t114 = 1.0 / t44;
    const double t115 = t113 * t114;
    const double t119 = -(t111 + (0.5 * t115));
    const double t120 = t24 ? t77 : t119;
    const double t152 = (t76 * (t71 * ((t71 * ((t22 - t72) - (t72 / t21))) - t75))) - (t75 * (t76 * t77));
    const double t159 = (t80 * t81) + (t27 * (t79 * t81));
    const double t163 = t81 * t83;
    const double t175 = t81 * t89;
    const double t185 = (t175 + (t34 * t159)) + (t175 + (t27 * ((t163 + (t31 * t159)) + (t163 + (t27 * (0.22710800170898438 * t159))))));
    const double t187 = t81 * t95;
    const double t199 = t81 * t101;
    const double t213 = t110 * ((t199 + (t40 * t159)) + (t199 + (t27 * ((t187 + (t37 * t159)) + (t187 + (t27 * t185))))));
    const double t224 = -(((t107 * (t110 * t111)) - t213) - (0.5 * (t113 * (t114 * t115))));
    const double t226 = -(t24 ? t152 : t224);
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
            const double t8 = (data0[j] - c->mean[0][j]) * 0.5;
            const double t9 = sin(t8);
            const double t14 = t9 * t12;
            const double t55 = -((t9 * t14) + t49);
            const double t58 = cos(t8);
            const double t59 = 0.5 * t58;
            const double t61 = t12 * t59;
            const double t67 = (t14 * t59) + (t9 * t61);
            const double t69 = t9 * 2.0;
            const double t122 = -((t9 * t69) + t120);
            const double t126 = t9 * 0.25;
            const double t129 = -(t59 * t61);
            const double t134 = (t129 + (t14 * t126)) + (t129 + (t9 * (t12 * t126)));
            const double t137 = (t59 * t69) + (t9 * t58);
            c->d[0][j] = t67;
            c->h[0][j] = t134;
            c->mixed[0][0][j] = t137;
            total += weighted(w[j], t55);
            d_own_0 += weighted(w[j], t122);
            h_own_0 += weighted(w[j], t226);
        }
        value += total;
        c->d_own[0] += d_own_0;
        c->h_own[0] += h_own_0;
        slopes(c, at, m, 1); curvatures(c, at, m, 1, 1, 1, 0, 0);
    }
    return value;
}
