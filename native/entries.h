/* The library's entries, one line each: ENTRY(result, name, (parameters), (arguments)).
 * A body defines NAME(name); dispatch.c makes bg_name of it, which calls the body of this machine. */
ENTRY(void, gather, (int64_t n, int64_t levels, int64_t q, const double *slope, const double *values, const int64_t *index, double *out),
      (n, levels, q, slope, values, index, out))
ENTRY(int64_t, elementwise, (int64_t op, int64_t n, const double *a, const double *b, const double *c, double *out), (op, n, a, b, c, out))
