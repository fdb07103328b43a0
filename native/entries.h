/* The library's entries, one line each: ENTRY(result, name, (parameters), (arguments)).
 * A body defines NAME(name); dispatch.c makes bg_name of it, which calls the body of this machine. */
ENTRY(void, gather, (int64_t n, int64_t levels, int64_t q, const double *slope, const double *values, const int64_t *index, double *out),
      (n, levels, q, slope, values, index, out))
ENTRY(int64_t, elementwise, (int64_t op, int64_t n, const double *a, const double *b, const double *c, double *out), (op, n, a, b, c, out))
ENTRY(double, printed, (int64_t family, int64_t link, int64_t second, int64_t n, const double *const *known, const double *weights, const double *eta, const double *own, int64_t n_own, double *d_eta, double *h_eta, double *mixed, double *d_own, double *h_own),
      (family, link, second, n, known, weights, eta, own, n_own, d_eta, h_eta, mixed, d_own, h_own))
ENTRY(int64_t, interpreted, (const int64_t *sizes, const int64_t *records, const int64_t *outputs, const double *constants, int64_t n, const double *numbers, const double *const *columns, double *const *out),
      (sizes, records, outputs, constants, n, numbers, columns, out))
ENTRY(double, printed_cumulative, (int64_t link, int64_t second, int64_t n, int64_t categories, const double *const *known, const double *weights, const double *eta, const double *own, double *d_eta, double *h_eta, double *mixed, double *d_own, double *h_own),
      (link, second, n, categories, known, weights, eta, own, d_eta, h_eta, mixed, d_own, h_own))
