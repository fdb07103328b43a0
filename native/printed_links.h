/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
enum { LINKS = 8 };
INLINE void link_identity(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t1 = fabs(eta[j]);
        const double t2 = m_log(t1);
        const int t5 = eta[j] < 0.0;
        const double t7 = t5 ? (-1.0) : 1.0;
        const double t8 = 1.0 / t1;
        const double t9 = t7 * t8;
        const double t13 = -(t7 * (t8 * t9));
        if (use & 1) c->mean[0][j] = eta[j], c->first[0][j] = 1.0;
        if (second && use & 1) c->second[0][j] = 0.0;
        if (use & 2) c->mean[1][j] = t2, c->first[1][j] = t9;
        if (second && use & 2) c->second[1][j] = t13;
    }
}
INLINE void link_log(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t1 = m_exp(eta[j]);
        if (use & 1) c->mean[0][j] = t1, c->first[0][j] = t1;
        if (second && use & 1) c->second[0][j] = t1;
        if (use & 2) c->mean[1][j] = eta[j], c->first[1][j] = 1.0;
        if (second && use & 2) c->second[1][j] = 0.0;
    }
}
INLINE void link_logit(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t1 = -eta[j];
        const double t3 = -m_softplus(eta[j]);
        const double t4 = m_sigmoid(eta[j]);
        const double t6 = -m_softplus(t1);
        const double t9 = m_sigmoid(t1);
        const double t10 = t4 * t9;
        const double t13 = -t4;
        const double t14 = -t10;
        const double t18 = (t9 * t10) - (t4 * t10);
        if (use & 1) c->mean[0][j] = t4, c->first[0][j] = t10;
        if (second && use & 1) c->second[0][j] = t18;
        if (use & 2) c->mean[1][j] = t6, c->first[1][j] = t9;
        if (second && use & 2) c->second[1][j] = t14;
        if (use & 4) c->mean[2][j] = t3, c->first[2][j] = t13;
        if (second && use & 4) c->second[2][j] = t14;
    }
}
INLINE void link_probit(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t1 = -eta[j];
        const double t2 = m_log_normal_cdf(t1);
        const double t3 = m_normal_cdf(eta[j]);
        const double t4 = m_log_normal_cdf(eta[j]);
        const double t13 = m_exp(-(eta[j] * (eta[j] * 0.5)));
        const double t15 = t13 * 0.3989422804014327;
        const double t16 = m_normal_hazard(eta[j]);
        const double t18 = m_normal_hazard(t1);
        const double t19 = -t18;
        const double t24 = -(0.3989422804014327 * (eta[j] * t13));
        const double t26 = m_min((-50.0), eta[j]);
        const int t52 = eta[j] < (-50.0);
        const double t54 = -(1.0 / (t26 + (2.0 / (t26 + (3.0 / (t26 + (4.0 / (t26 + (5.0 / (t26 + (6.0 / t26)))))))))));
        const double t55 = eta[j] + t16;
        const double t58 = -(t16 * (t52 ? t54 : t55));
        const double t59 = m_min((-50.0), t1);
        const int t81 = t1 < (-50.0);
        const double t83 = -(1.0 / (t59 + (2.0 / (t59 + (3.0 / (t59 + (4.0 / (t59 + (5.0 / (t59 + (6.0 / t59)))))))))));
        const double t84 = t1 + t18;
        const double t87 = -(t18 * (t81 ? t83 : t84));
        if (use & 1) c->mean[0][j] = t3, c->first[0][j] = t15;
        if (second && use & 1) c->second[0][j] = t24;
        if (use & 2) c->mean[1][j] = t4, c->first[1][j] = t16;
        if (second && use & 2) c->second[1][j] = t58;
        if (use & 4) c->mean[2][j] = t2, c->first[2][j] = t19;
        if (second && use & 4) c->second[2][j] = t87;
    }
}
INLINE void link_cloglog(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t1 = m_exp(eta[j]);
        const double t2 = -t1;
        const double t4 = -m_expm1(t2);
        const double t7 = m_exp(m_min((-20.0), eta[j]));
        const double t8 = m_max((-20.0), eta[j]);
        const double t11 = m_exp(m_min((-0.36651292058166435), t8));
        const double t13 = m_exp(m_max((-0.36651292058166435), eta[j]));
        const double t17 = eta[j] - (t7 * 0.5);
        const double t19 = m_exp(-t13);
        const double t20 = -t19;
        const double t21 = m_log1p(t20);
        const int t22 = eta[j] < (-0.36651292058166435);
        const double t23 = -t11;
        const double t24 = m_expm1(t23);
        const double t26 = m_log(-t24);
        const double t27 = t22 ? t26 : t21;
        const int t28 = eta[j] < (-20.0);
        const double t29 = t28 ? t17 : t27;
        const double t33 = t1 * m_exp(t2);
        const double t35 = t28 ? 1.0 : 0.0;
        const double t36 = t7 * t35;
        const int t37 = (-20.0) < eta[j];
        const double t38 = t37 ? 1.0 : 0.0;
        const int t39 = t8 < (-0.36651292058166435);
        const double t40 = t39 ? t38 : 0.0;
        const double t41 = t11 * t40;
        const int t42 = (-0.36651292058166435) < eta[j];
        const double t43 = t42 ? 1.0 : 0.0;
        const double t44 = t13 * t43;
        const double t47 = 1.0 - (0.5 * t36);
        const double t49 = t19 * t44;
        const double t52 = 1.0 / (t20 + 1.0);
        const double t53 = t49 * t52;
        const double t55 = m_exp(t23);
        const double t56 = t41 * t55;
        const double t58 = 1.0 / t24;
        const double t60 = t56 * t58;
        const double t61 = -t60;
        const double t62 = t22 ? t61 : t53;
        const double t63 = t28 ? t47 : t62;
        const double t66 = t33 - (t1 * t33);
        const double t71 = -(0.5 * (t35 * t36));
        const double t81 = (t52 * ((t19 * (t43 * t44)) - (t44 * t49))) - (t49 * (t52 * t53));
        const double t91 = -((t58 * ((t55 * (t40 * t41)) - (t41 * t56))) + (t56 * (t58 * t60)));
        const double t92 = t22 ? t91 : t81;
        const double t93 = t28 ? t71 : t92;
        if (use & 1) c->mean[0][j] = t4, c->first[0][j] = t33;
        if (second && use & 1) c->second[0][j] = t66;
        if (use & 2) c->mean[1][j] = t29, c->first[1][j] = t63;
        if (second && use & 2) c->second[1][j] = t93;
        if (use & 4) c->mean[2][j] = t2, c->first[2][j] = t2;
        if (second && use & 4) c->second[2][j] = t2;
    }
}
INLINE void link_sqrt(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t1 = eta[j] * eta[j];
        const double t2 = fabs(eta[j]);
        const double t5 = m_log(t2) * 2.0;
        const double t8 = eta[j] * 2.0;
        const int t9 = eta[j] < 0.0;
        const double t11 = t9 ? (-1.0) : 1.0;
        const double t12 = 1.0 / t2;
        const double t13 = t11 * t12;
        const double t14 = 2.0 * t13;
        const double t20 = -(2.0 * (t11 * (t12 * t13)));
        if (use & 1) c->mean[0][j] = t1, c->first[0][j] = t8;
        if (second && use & 1) c->second[0][j] = 2.0;
        if (use & 2) c->mean[1][j] = t5, c->first[1][j] = t14;
        if (second && use & 2) c->second[1][j] = t20;
    }
}
INLINE void link_inverse(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t2 = 1.0 / eta[j];
        const double t3 = fabs(eta[j]);
        const double t5 = -m_log(t3);
        const double t7 = t2 * t2;
        const double t8 = -t7;
        const int t9 = eta[j] < 0.0;
        const double t11 = t9 ? (-1.0) : 1.0;
        const double t12 = 1.0 / t3;
        const double t13 = t11 * t12;
        const double t14 = -t13;
        const double t18 = (t2 * t7) * 2.0;
        const double t22 = t11 * (t12 * t13);
        if (use & 1) c->mean[0][j] = t2, c->first[0][j] = t8;
        if (second && use & 1) c->second[0][j] = t18;
        if (use & 2) c->mean[1][j] = t5, c->first[1][j] = t14;
        if (second && use & 2) c->second[1][j] = t22;
    }
}
INLINE void link_tan_half(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t3 = m_arctan(eta[j]) * 2.0;
        const double t4 = fabs(t3);
        const double t5 = m_log(t4);
        const double t10 = 1.0 / (1.0 + (eta[j] * eta[j]));
        const double t11 = 2.0 * t10;
        const int t12 = t3 < 0.0;
        const double t13 = -t11;
        const double t14 = t12 ? t13 : t11;
        const double t15 = 1.0 / t4;
        const double t16 = t14 * t15;
        const double t21 = 2.0 * (t10 * (t10 * (eta[j] * 2.0)));
        const double t22 = -t21;
        const double t29 = (t15 * (t12 ? t21 : t22)) - (t14 * (t15 * t16));
        if (use & 1) c->mean[0][j] = t3, c->first[0][j] = t11;
        if (second && use & 1) c->second[0][j] = t22;
        if (use & 2) c->mean[1][j] = t5, c->first[1][j] = t16;
        if (second && use & 2) c->second[1][j] = t29;
    }
}
static void fill_means(Rows *c, const double *eta, int64_t m, int use, int second) {
    switch (c->link * 16 + use * 2 + second) {
    case 2: link_identity(c, eta, m, 1, 0); break;
    case 3: link_identity(c, eta, m, 1, 1); break;
    case 6: link_identity(c, eta, m, 3, 0); break;
    case 7: link_identity(c, eta, m, 3, 1); break;
    case 18: link_log(c, eta, m, 1, 0); break;
    case 19: link_log(c, eta, m, 1, 1); break;
    case 20: link_log(c, eta, m, 2, 0); break;
    case 21: link_log(c, eta, m, 2, 1); break;
    case 22: link_log(c, eta, m, 3, 0); break;
    case 23: link_log(c, eta, m, 3, 1); break;
    case 44: link_logit(c, eta, m, 6, 0); break;
    case 45: link_logit(c, eta, m, 6, 1); break;
    case 60: link_probit(c, eta, m, 6, 0); break;
    case 61: link_probit(c, eta, m, 6, 1); break;
    case 76: link_cloglog(c, eta, m, 6, 0); break;
    case 77: link_cloglog(c, eta, m, 6, 1); break;
    case 82: link_sqrt(c, eta, m, 1, 0); break;
    case 83: link_sqrt(c, eta, m, 1, 1); break;
    case 86: link_sqrt(c, eta, m, 3, 0); break;
    case 87: link_sqrt(c, eta, m, 3, 1); break;
    case 98: link_inverse(c, eta, m, 1, 0); break;
    case 99: link_inverse(c, eta, m, 1, 1); break;
    case 102: link_inverse(c, eta, m, 3, 0); break;
    case 103: link_inverse(c, eta, m, 3, 1); break;
    case 114: link_tan_half(c, eta, m, 1, 0); break;
    case 115: link_tan_half(c, eta, m, 1, 1); break;
    }
}
