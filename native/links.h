/* Inverse links with their derivatives, for single numbers; the link is known when compiled. */
#define LOG_2PI 1.8378770664093454836

typedef struct { double mu, slope, log_mu; } Mean;
typedef struct { double log_p, log_q, d_p, d_q; } Success; /* log p, log(1 - p), and derivatives */

/* A choice by bits: compilers neither branch on it nor merge its condition with another's, so
 * that a loop over rows stays one block. */
INLINE double pick(int first, double yes, double no) {
    const uint64_t bits = -(uint64_t)(first != 0);
    return of_bits((bits_of(yes) & bits) | (bits_of(no) & ~bits));
}

INLINE Mean mean_of(int64_t link, double eta) {
    if (link == LOG) {
        const double mu = m_exp(eta);
        return (Mean){mu, mu, eta};
    }
    const double mu = link == SQRT ? eta * eta : link == INVERSE ? 1.0 / eta : eta;
    const double slope = link == SQRT ? 2.0 * eta : link == INVERSE ? -mu * mu : 1.0;
    return (Mean){mu, slope, m_log(mu)};
}

INLINE Success success(int64_t link, double eta) {
    if (link == LOGIT) {
        const double e = m_exp(-fabs(eta)), small = e / (1.0 + e), rest = m_log1p(e);
        const double d_p = pick(eta >= 0.0, small, 1.0 - small), d_q = pick(eta >= 0.0, small - 1.0, -small);
        return (Success){m_min(eta, 0.0) - rest, -m_max(eta, 0.0) - rest, d_p, d_q};
    }
    if (link == PROBIT) return (Success){m_log_normal_cdf(eta), m_log_normal_cdf(-eta), m_normal_hazard(eta), -m_normal_hazard(-eta)};
    const double hazard = m_exp(eta), p = -m_expm1(-hazard), q = m_exp(-hazard);
    const double log_p = pick(hazard < 1e-300, eta, pick(hazard < 0.6931, m_log(p), m_log1p(-q)));
    const double slope = pick(hazard < 1e-300, 1.0, pick(hazard < 700.0, hazard * q / p, 0.0));
    return (Success){log_p, -hazard, slope, -hazard};
}
