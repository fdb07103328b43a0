/* Inverse links with their derivatives, for single numbers; the link is known when compiled. */
#define LOG_2PI 1.8378770664093454836

typedef struct { double mu, slope, log_mu; } Mean;

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
