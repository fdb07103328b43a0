/* Sums over rows by the unit that a row belongs to; values without columns (NULL) stand for ones.
 * Narrow widths are the most frequent, and are compiled for themselves. */
#define BY_WIDTH(q, call) \
    do { \
        if ((q) == 1) call(1); \
        else if ((q) == 2) call(2); \
        else call(q); \
    } while (0)

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

INLINE void NAME(products_by)(int64_t n, int64_t qa, int64_t qb, const double *weights, const double *left,
                              const double *right, const int32_t *pair, double *out) {
#define CALL(width) NAME(products_of)(n, qa, width, weights, left, right, pair, out)
    BY_WIDTH(qb, CALL);
#undef CALL
}

/* out[pair] += weight times the outer product of a row's values left and right. */
void NAME(products)(int64_t n, int64_t qa, int64_t qb, const double *weights, const double *left, const double *right,
                    const int32_t *pair, double *out) {
#define CALL(width) NAME(products_by)(n, width, qb, weights, left, right, pair, out)
    BY_WIDTH(qa, CALL);
#undef CALL
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
#define CALL(width) NAME(gather_of)(n, width, slope, values, index, out)
    BY_WIDTH(q, CALL);
#undef CALL
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
#define CALL(width) NAME(predict_of)(n, width, eta, values, index, effects)
    BY_WIDTH(q, CALL);
#undef CALL
}
#undef BY_WIDTH
