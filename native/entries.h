/* The library's entries, one line each: ENTRY(result, name, (parameters), (arguments)).
 * A body defines NAME(name); dispatch.c makes bg_name of it, which calls the body of this machine. */
ENTRY(void, gather, (int64_t n, int64_t levels, int64_t q, const double *slope, const double *values, const int64_t *index, double *out),
      (n, levels, q, slope, values, index, out))
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
ENTRY(double, likelihood, (int64_t family, int64_t link, int64_t n, const double *y, const double *trials, const double *eta, int64_t n_parameters,
      const double *parameters, double within, double *d_eta, double *d_parameters),
      (family, link, n, y, trials, eta, n_parameters, parameters, within, d_eta, d_parameters))
ENTRY(int64_t, density, (uint64_t dim, const double *x, double *grad, double *value, const int64_t *program), (dim, x, grad, value, program))
ENTRY(int64_t, restore, (const int64_t *program, int64_t draws, int64_t width, const double *given, const double *noise, double *out),
      (program, draws, width, given, noise, out))
ENTRY(int64_t, expand, (uint64_t dim, uint64_t expanded, const double *x, double *out, const int64_t *program), (dim, expanded, x, out, program))
ENTRY(int64_t, check_program, (int64_t length, const int64_t *program), (length, program))
ENTRY(int64_t, elementwise, (int64_t op, int64_t n, const double *a, const double *b, const double *c, double *out), (op, n, a, b, c, out))
