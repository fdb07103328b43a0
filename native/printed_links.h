/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
enum { LINKS = 8 };
INLINE void link_identity(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t0 = fabs(eta[j]);
        const double t1 = m_log(t0);
        const int t2 = eta[j] < 0.0;
        const double t3 = t2 ? (-1.0) : 1.0;
        const double t4 = 1.0 / t0;
        const double t5 = t3 * t4;
        const double t6 = -(t3 * (t4 * t5));
        if (use & 1) c->mean[0][j] = eta[j], c->first[0][j] = 1.0;
        if (second && use & 1) c->second[0][j] = 0.0;
        if (use & 2) c->mean[1][j] = t1, c->first[1][j] = t5;
        if (second && use & 2) c->second[1][j] = t6;
    }
}
INLINE void link_log(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t0 = m_exp(eta[j]);
        if (use & 1) c->mean[0][j] = t0, c->first[0][j] = t0;
        if (second && use & 1) c->second[0][j] = t0;
        if (use & 2) c->mean[1][j] = eta[j], c->first[1][j] = 1.0;
        if (second && use & 2) c->second[1][j] = 0.0;
    }
}
INLINE void link_logit(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t0 = -eta[j];
        const double t1 = -m_softplus(eta[j]);
        const double t2 = m_sigmoid(eta[j]);
        const double t3 = -m_softplus(t0);
        const double t4 = m_sigmoid(t0);
        const double t5 = t2 * t4;
        const double t6 = -t2;
        const double t7 = -t5;
        const double t8 = (t4 * t5) - (t2 * t5);
        if (use & 1) c->mean[0][j] = t2, c->first[0][j] = t5;
        if (second && use & 1) c->second[0][j] = t8;
        if (use & 2) c->mean[1][j] = t3, c->first[1][j] = t4;
        if (second && use & 2) c->second[1][j] = t7;
        if (use & 4) c->mean[2][j] = t1, c->first[2][j] = t6;
        if (second && use & 4) c->second[2][j] = t7;
    }
}
INLINE void link_probit(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t0 = -eta[j];
        const double t1 = m_log_normal_cdf(t0);
        const double t2 = m_normal_cdf(eta[j]);
        const double t3 = m_log_normal_cdf(eta[j]);
        const double t4 = m_exp(-(eta[j] * (eta[j] * 0.5)));
        const double t5 = t4 * 0.3989422804014327;
        const double t6 = m_normal_hazard(eta[j]);
        const double t7 = m_normal_hazard(t0);
        const double t8 = -t7;
        const double t9 = -(0.3989422804014327 * (eta[j] * t4));
        const double t10 = m_min(-50.0, eta[j]);
        const int t11 = eta[j] < (-50.0);
        const double t12 = -(1.0 / (t10 + (2.0 / (t10 + (3.0 / (t10 + (4.0 / (t10 + (5.0 / (t10 + (6.0 / t10)))))))))));
        const double t13 = eta[j] + t6;
        const double t14 = -(t6 * (t11 ? t12 : t13));
        const double t15 = m_min(-50.0, t0);
        const int t16 = t0 < (-50.0);
        const double t17 = -(1.0 / (t15 + (2.0 / (t15 + (3.0 / (t15 + (4.0 / (t15 + (5.0 / (t15 + (6.0 / t15)))))))))));
        const double t18 = t0 + t7;
        const double t19 = -(t7 * (t16 ? t17 : t18));
        if (use & 1) c->mean[0][j] = t2, c->first[0][j] = t5;
        if (second && use & 1) c->second[0][j] = t9;
        if (use & 2) c->mean[1][j] = t3, c->first[1][j] = t6;
        if (second && use & 2) c->second[1][j] = t14;
        if (use & 4) c->mean[2][j] = t1, c->first[2][j] = t8;
        if (second && use & 4) c->second[2][j] = t19;
    }
}
INLINE void link_cloglog(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t0 = m_exp(eta[j]);
        const double t1 = -t0;
        const double t2 = -m_expm1(t1);
        const double t3 = m_exp(m_min(-20.0, eta[j]));
        const double t4 = m_max(-20.0, eta[j]);
        const double t5 = m_exp(m_min(-0.36651292058166435, t4));
        const double t6 = m_exp(m_max(-0.36651292058166435, eta[j]));
        const double t7 = eta[j] - (t3 * 0.5);
        const double t8 = m_exp(-t6);
        const double t9 = -t8;
        const double t10 = m_log1p(t9);
        const int t11 = eta[j] < (-0.36651292058166435);
        const double t12 = -t5;
        const double t13 = m_expm1(t12);
        const double t14 = m_log(-t13);
        const double t15 = t11 ? t14 : t10;
        const int t16 = eta[j] < (-20.0);
        const double t17 = t16 ? t7 : t15;
        const double t18 = t0 * m_exp(t1);
        const double t19 = t16 ? 1.0 : 0.0;
        const double t20 = t3 * t19;
        const int t21 = (-20.0) < eta[j];
        const double t22 = t21 ? 1.0 : 0.0;
        const int t23 = t4 < (-0.36651292058166435);
        const double t24 = t23 ? t22 : 0.0;
        const double t25 = t5 * t24;
        const int t26 = (-0.36651292058166435) < eta[j];
        const double t27 = t26 ? 1.0 : 0.0;
        const double t28 = t6 * t27;
        const double t29 = 1.0 - (0.5 * t20);
        const double t30 = t8 * t28;
        const double t31 = 1.0 / (t9 + 1.0);
        const double t32 = t30 * t31;
        const double t33 = m_exp(t12);
        const double t34 = t25 * t33;
        const double t35 = 1.0 / t13;
        const double t36 = t34 * t35;
        const double t37 = -t36;
        const double t38 = t11 ? t37 : t32;
        const double t39 = t16 ? t29 : t38;
        const double t40 = t18 - (t0 * t18);
        const double t41 = -(0.5 * (t19 * t20));
        const double t42 = (t31 * ((t8 * (t27 * t28)) - (t28 * t30))) - (t30 * (t31 * t32));
        const double t43 = -((t35 * ((t33 * (t24 * t25)) - (t25 * t34))) + (t34 * (t35 * t36)));
        const double t44 = t11 ? t43 : t42;
        const double t45 = t16 ? t41 : t44;
        if (use & 1) c->mean[0][j] = t2, c->first[0][j] = t18;
        if (second && use & 1) c->second[0][j] = t40;
        if (use & 2) c->mean[1][j] = t17, c->first[1][j] = t39;
        if (second && use & 2) c->second[1][j] = t45;
        if (use & 4) c->mean[2][j] = t1, c->first[2][j] = t1;
        if (second && use & 4) c->second[2][j] = t1;
    }
}
INLINE void link_sqrt(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t0 = eta[j] * eta[j];
        const double t1 = fabs(eta[j]);
        const double t2 = m_log(t1) * 2.0;
        const double t3 = eta[j] * 2.0;
        const int t4 = eta[j] < 0.0;
        const double t5 = t4 ? (-1.0) : 1.0;
        const double t6 = 1.0 / t1;
        const double t7 = t5 * t6;
        const double t8 = 2.0 * t7;
        const double t9 = -(2.0 * (t5 * (t6 * t7)));
        if (use & 1) c->mean[0][j] = t0, c->first[0][j] = t3;
        if (second && use & 1) c->second[0][j] = 2.0;
        if (use & 2) c->mean[1][j] = t2, c->first[1][j] = t8;
        if (second && use & 2) c->second[1][j] = t9;
    }
}
INLINE void link_inverse(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t0 = 1.0 / eta[j];
        const double t1 = fabs(eta[j]);
        const double t2 = -m_log(t1);
        const double t3 = t0 * t0;
        const double t4 = -t3;
        const int t5 = eta[j] < 0.0;
        const double t6 = t5 ? (-1.0) : 1.0;
        const double t7 = 1.0 / t1;
        const double t8 = t6 * t7;
        const double t9 = -t8;
        const double t10 = (t0 * t3) * 2.0;
        const double t11 = t6 * (t7 * t8);
        if (use & 1) c->mean[0][j] = t0, c->first[0][j] = t4;
        if (second && use & 1) c->second[0][j] = t10;
        if (use & 2) c->mean[1][j] = t2, c->first[1][j] = t9;
        if (second && use & 2) c->second[1][j] = t11;
    }
}
INLINE void link_tan_half(Rows *c, const double *eta, int64_t m, const int use, const int second) {
    SIMD
    for (int64_t j = 0; j < m; j++) {
        const double t0 = m_arctan(eta[j]) * 2.0;
        const double t1 = fabs(t0);
        const double t2 = m_log(t1);
        const double t3 = 1.0 / (1.0 + (eta[j] * eta[j]));
        const double t4 = 2.0 * t3;
        const int t5 = t0 < 0.0;
        const double t6 = -t4;
        const double t7 = t5 ? t6 : t4;
        const double t8 = 1.0 / t1;
        const double t9 = t7 * t8;
        const double t10 = 2.0 * (t3 * (t3 * (eta[j] * 2.0)));
        const double t11 = -t10;
        const double t12 = (t8 * (t5 ? t10 : t11)) - (t7 * (t8 * t9));
        if (use & 1) c->mean[0][j] = t0, c->first[0][j] = t4;
        if (second && use & 1) c->second[0][j] = t11;
        if (use & 2) c->mean[1][j] = t2, c->first[1][j] = t9;
        if (second && use & 2) c->second[1][j] = t12;
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
