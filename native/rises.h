/* lgamma(phi + y) - lgamma(phi) and its derivative in phi, without cancellation for counts
 * below FEW: there it is the logarithm of phi (phi + 1) ... (phi + y - 1). */
enum { STAGE = 256, FEW = 32, SMALL = 64 };

/* Fill the rise of each row of a stage and its derivative.
 *
 * Factors are divided by phi + 1, so that no product of them overflows: P becomes their
 * product and D its derivative with the divisors held fixed. */
static void rise_rows(int64_t m, const double *restrict y, const double *restrict phi, double *restrict P, double *restrict D) {
    double scale[STAGE], most = 0.0;
    for (int64_t i = 0; i < m; i++) most = y[i] < FEW && y[i] > most ? y[i] : most;
    SIMD
    for (int64_t i = 0; i < m; i++) {
        scale[i] = 1.0 / (phi[i] + 1.0);
        P[i] = 1.0;
        D[i] = 0.0;
    }
    for (int64_t k = 0; k < (int64_t)ceil(most); k++)
        SIMD
        for (int64_t i = 0; i < m; i++) {
            const double factor = (phi[i] + (double)k) * scale[i];
            const int more = (double)k < y[i];
            D[i] = pick(more, D[i] * factor + P[i] * scale[i], D[i]);
            P[i] = pick(more, P[i] * factor, P[i]);
        }
    SIMD
    for (int64_t i = 0; i < m; i++) {
        D[i] /= P[i];
        P[i] = m_log(P[i]) - y[i] * m_log(scale[i]);
    }
    for (int64_t i = 0; i < m; i++)
        if (!(y[i] < FEW && y[i] >= 0.0 && y[i] == floor(y[i]))) {
            P[i] = m_log_rising(phi[i], y[i]);
            D[i] = m_digamma_rising(phi[i], y[i]);
        }
}

/* Sum the rises of all rows at one phi and their derivatives. Rows are given by the values among them and
 * how many have each; small whole ones share their factors. */
static Pair rises(int64_t n, const double *values, const double *times, double phi) {
    double above[SMALL + 1] = {0.0}, total = 0.0, slope = 0.0, rows = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double y = values[i];
        if (y < SMALL && y >= 0.0 && y == floor(y)) {
            above[(int64_t)y] += times[i];
        } else {
            total += times[i] * m_log_rising(phi, y);
            slope += times[i] * m_digamma_rising(phi, y);
        }
    }
    for (int k = SMALL - 1; k >= 0; k--) {
        rows += above[k + 1];
        total += rows * m_log(phi + k);
        slope += rows / (phi + k);
    }
    return (Pair){total, slope};
}
