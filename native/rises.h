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
            P[i] = m_lgamma(phi[i] + y[i]) - m_lgamma(phi[i]);
            D[i] = m_digamma(phi[i] + y[i]) - m_digamma(phi[i]);
        }
}

/* Sum the rises of all rows at one phi and their derivatives: small counts are numbered, in four
 * tables, so that equal counts that follow each other do not wait. */
static Pair rises(int64_t n, const double *y, double phi) {
    int64_t above[4][SMALL + 1] = {{0}};
    double total = 0.0, slope = 0.0, rows = 0.0;
    for (int64_t i = 0; i < n; i++) {
        if (y[i] < SMALL && y[i] >= 0.0 && y[i] == floor(y[i])) {
            above[i & 3][(int64_t)y[i]]++;
        } else {
            total += m_lgamma(phi + y[i]) - m_lgamma(phi);
            slope += m_digamma(phi + y[i]) - m_digamma(phi);
        }
    }
    for (int k = SMALL - 1; k >= 0; k--) {
        rows += (double)(above[0][k + 1] + above[1][k + 1] + above[2][k + 1] + above[3][k + 1]);
        total += rows * m_log(phi + k);
        slope += rows / (phi + k);
    }
    return (Pair){total, slope};
}
