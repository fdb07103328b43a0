/* Sums over rows by the unit that a row belongs to; values without columns (NULL) stand for ones.
 * One column is the most frequent width, and is compiled for itself. */

INLINE void NAME(products_of)(int64_t n, int64_t qa, int64_t qb, const double *weights, const double *left,
                              const double *right, const int32_t *pair, double *out) {
    for (int64_t i = 0; i < n; i++) {
        double *G = out + (int64_t)pair[i] * qa * qb;
        for (int64_t a = 0; a < qa; a++) {
            const double value = weights[i] * (left ? left[i * qa + a] : 1.0);
            for (int64_t b = 0; b < qb; b++) G[a * qb + b] += value * (right ? right[i * qb + b] : 1.0);
        }
    }
}

/* out[pair] += weight times the outer product of a row's values left and right. */
void NAME(products)(int64_t n, int64_t qa, int64_t qb, const double *weights, const double *left, const double *right,
                    const int32_t *pair, double *out) {
    if (qa == 1 && qb == 1) NAME(products_of)(n, 1, 1, weights, left, right, pair, out);
    else NAME(products_of)(n, qa, qb, weights, left, right, pair, out);
}

INLINE void NAME(gather_of)(int64_t n, int64_t q, const double *slope, const double *values, const int32_t *index,
                            double *out) {
    for (int64_t i = 0; i < n; i++) {
        double *total = out + (int64_t)index[i] * q;
        for (int64_t a = 0; a < q; a++) total[a] += slope[i] * (values ? values[i * q + a] : 1.0);
    }
}

/* out[index] += slope times the row's values. */
void NAME(gather)(int64_t n, int64_t q, const double *slope, const double *values, const int32_t *index, double *out) {
    if (q == 1) NAME(gather_of)(n, 1, slope, values, index, out);
    else NAME(gather_of)(n, q, slope, values, index, out);
}

INLINE void NAME(predict_of)(int64_t n, int64_t q, double *eta, const double *values, const int32_t *index,
                             const double *effects) {
    for (int64_t i = 0; i < n; i++) {
        const double *effect = effects + (int64_t)index[i] * q;
        for (int64_t a = 0; a < q; a++) eta[i] += effect[a] * (values ? values[i * q + a] : 1.0);
    }
}

/* eta += the row's values times the effects of its unit. */
void NAME(predict)(int64_t n, int64_t q, double *eta, const double *values, const int32_t *index, const double *effects) {
    if (q == 1) NAME(predict_of)(n, 1, eta, values, index, effects);
    else NAME(predict_of)(n, q, eta, values, index, effects);
}
