/* Genotype calls of a block as numbers: missing ones (negative, or no number) at the marker's mean,
 * all less the weighted mean of the levels where they are centred; see scan/dosage.py. */
#define DOSAGE(suffix, call_t, value_t)                                                                               \
    void NAME(dosage_##suffix)(int64_t m, int64_t ids, int64_t n, const call_t *calls, const int64_t *places,         \
                               const double *weights, int64_t centred, double *row, value_t *values,                  \
                               double *frequency, double *spread, int64_t *missing) {                                 \
        double all = 0.0;                                                                                             \
        for (int64_t i = 0; i < n; i++) all += weights[i];                                                            \
        for (int64_t j = 0; j < m; j++) {                                                                             \
            const call_t *call = calls + j * ids;                                                                     \
            double total = 0.0, low = INFINITY, high = -INFINITY, shift = 0.0;                                        \
            int64_t given = 0;                                                                                        \
            for (int64_t i = 0; i < n; i++) row[i] = (double)call[places[i]];                                         \
            PRAGMA(omp simd reduction(+ : total, given) reduction(min : low) reduction(max : high))                   \
            for (int64_t i = 0; i < n; i++) {                                                                         \
                const int there = row[i] >= 0.0;                                                                      \
                total += there ? row[i] : 0.0;                                                                        \
                given += there;                                                                                       \
                const double least = there ? row[i] : INFINITY;                                                       \
                const double most = there ? row[i] : -INFINITY;                                                       \
                low = least < low ? least : low;                                                                      \
                high = most > high ? most : high;                                                                     \
            }                                                                                                         \
            const double mean = given ? total / (double)given : NAN;                                                  \
            frequency[j] = mean / 2.0;                                                                                \
            missing[j] = n - given;                                                                                   \
            spread[j] = given ? high - low : 0.0;                                                                     \
            SIMD_SUM(shift)                                                                                           \
            for (int64_t i = 0; i < n; i++) {                                                                         \
                row[i] = row[i] >= 0.0 ? row[i] : mean;                                                               \
                shift += weights[i] * row[i];                                                                         \
            }                                                                                                         \
            shift = centred ? shift / all : 0.0;                                                                      \
            for (int64_t i = 0; i < n; i++) values[j * n + i] = (value_t)(row[i] - shift);                            \
        }                                                                                                             \
    }
DOSAGE(counts_single, int8_t, float)
DOSAGE(counts_double, int8_t, double)
DOSAGE(numbers_single, double, float)
DOSAGE(numbers_double, double, double)
#undef DOSAGE
