/* The library's entries, one line each: ENTRY(result, name, (parameters), (arguments)).
 * A body defines NAME(name); dispatch.c makes bg_name of it, which calls the body of this machine. */
ENTRY(void, gather, (int64_t n, int64_t q, const double *slope, const double *values, const int32_t *index, double *out),
      (n, q, slope, values, index, out))
ENTRY(void, products, (int64_t n, int64_t qa, int64_t qb, const double *weights, const double *left, const double *right, const int32_t *pair, double *out),
      (n, qa, qb, weights, left, right, pair, out))
ENTRY(void, predict, (int64_t n, int64_t q, double *eta, const double *values, const int32_t *index, const double *effects),
      (n, q, eta, values, index, effects))
ENTRY(void, inbreeding, (int64_t n, const int64_t *parents, const int64_t *first, double *F, double *own, double *share, int64_t *heap),
      (n, parents, first, F, own, share, heap))
ENTRY(void, inverse_diagonal, (int64_t n, const int32_t *begins, const int32_t *rows, const double *data, const double *d, double *inverse, double *row_of, double *diagonal),
      (n, begins, rows, data, d, inverse, row_of, diagonal))
#define DOSAGE_ENTRY(suffix, call_t, value_t) \
    ENTRY(void, dosage_##suffix, (int64_t m, int64_t ids, int64_t n, const call_t *calls, const int64_t *places, const double *weights, int64_t centred, double *row, value_t *values, double *frequency, double *spread, int64_t *missing), \
          (m, ids, n, calls, places, weights, centred, row, values, frequency, spread, missing))
DOSAGE_ENTRY(counts_single, int8_t, float)
DOSAGE_ENTRY(counts_double, int8_t, double)
DOSAGE_ENTRY(numbers_single, double, float)
DOSAGE_ENTRY(numbers_double, double, double)
#undef DOSAGE_ENTRY
ENTRY(void, saddle, (int64_t rows, const double *g, const double *mean, const double *trials, double s, double *out),
      (rows, g, mean, trials, s, out))
ENTRY(void, reml, (int64_t m, int64_t n, int64_t bounds, int64_t bytes, const void *x, const double *y, const double *sizes, const double *slopes, const double *grid, double start, double *work, double *effect, double *se, double *ratio),
      (m, n, bounds, bytes, x, y, sizes, slopes, grid, start, work, effect, se, ratio))
