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
ENTRY(void, reach, (int64_t n, const int64_t *starts, const int64_t *columns, const int64_t *edges, int64_t *rows, int64_t *counts, int64_t *room),
      (n, starts, columns, edges, rows, counts, room))
ENTRY(void, places, (int64_t n, int64_t tail, const int64_t *edges, const int64_t *rows, int64_t count, const int64_t *row, const int64_t *column, int64_t *out),
      (n, tail, edges, rows, count, row, column, out))
ENTRY(void, targets, (int64_t n, int64_t tail, const int64_t *edges, const int64_t *rows, int64_t *out), (n, tail, edges, rows, out))
ENTRY(int64_t, eliminate, (int64_t tail, const int64_t *edges, const int64_t *targets, double *V), (tail, edges, targets, V))
ENTRY(int64_t, eliminate_tail, (int64_t m, double *M), (m, M))
ENTRY(void, solve_lower, (int64_t tail, int64_t m, const int64_t *edges, const int64_t *rows, const double *V, double *x), (tail, m, edges, rows, V, x))
ENTRY(void, solve_upper, (int64_t tail, int64_t m, const int64_t *edges, const int64_t *rows, const double *V, double *x), (tail, m, edges, rows, V, x))
ENTRY(void, invert_on_pattern, (int64_t tail, const int64_t *edges, const int64_t *targets, int64_t n_targets, const double *V, double *S),
      (tail, edges, targets, n_targets, V, S))
ENTRY(double, likelihood, (const int64_t *program, const double *eta, const double *parameters, double *d_eta, double *d_parameters),
      (program, eta, parameters, d_eta, d_parameters))
ENTRY(int64_t, density, (uint64_t dim, const double *x, double *grad, double *value, const int64_t *program), (dim, x, grad, value, program))
ENTRY(int64_t, restore, (const int64_t *program, int64_t draws, int64_t width, const double *given, const double *noise, double *out),
      (program, draws, width, given, noise, out))
ENTRY(int64_t, expand, (uint64_t dim, uint64_t expanded, const double *x, double *out, const int64_t *program), (dim, expanded, x, out, program))
ENTRY(int64_t, check_program, (int64_t length, const int64_t *program), (length, program))
ENTRY(int64_t, elementwise, (int64_t op, int64_t n, const double *a, const double *b, const double *c, double *out), (op, n, a, b, c, out))
ENTRY(double, printed, (int64_t family, int64_t link, int64_t second, int64_t n, const double *const *known, const double *weights, const double *eta, const double *own, int64_t n_own, double *d_eta, double *h_eta, double *mixed, double *d_own, double *h_own),
      (family, link, second, n, known, weights, eta, own, n_own, d_eta, h_eta, mixed, d_own, h_own))
ENTRY(int64_t, interpreted, (const int64_t *sizes, const int64_t *records, const int64_t *outputs, const double *constants, int64_t n, const double *numbers, const double *const *columns, double *const *out),
      (sizes, records, outputs, constants, n, numbers, columns, out))
ENTRY(double, printed_cumulative, (int64_t link, int64_t second, int64_t n, int64_t cuts, const double *const *known, const double *weights, const double *eta, const double *own, double *d_eta, double *h_eta, double *mixed, double *d_own, double *h_own),
      (link, second, n, cuts, known, weights, eta, own, d_eta, h_eta, mixed, d_own, h_own))
