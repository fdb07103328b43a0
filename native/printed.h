/* Rows whose density is printed from the package's own: over a mean's three faces (the mean, its log,
 * the log of what it leaves of one), which a link gives from the predictor. Blocks of rows stay in the
 * nearest cache. */
enum { BLOCK = 256, FACES = 3, PAIRS = 6, MOST_OWN = 3, MOST_KNOWN = 16, MOST_COLUMNS = 256, MOST_PREDICTORS = MOST_OWN + 1 };
typedef struct { int64_t own, known, links; } Needs; /* numbers of parameters and columns; bits of links */
typedef struct {
    int64_t n, link;
    const double *const *known;
    const double *weights, *eta, *own;
    double *d_eta, *h_eta, *mixed_eta, *d_own, *h_own;
    int64_t cuts; /* the number of thresholds, where there are any */
    const double *thresholds;
    double *d_thresholds, *h_thresholds;
    const double *w;
    _Alignas(64) double ones[BLOCK];
    double mean[FACES][BLOCK], first[FACES][BLOCK], second[FACES][BLOCK];
    double d[FACES][BLOCK], h[PAIRS][BLOCK], mixed[MOST_OWN][FACES][BLOCK];
} Rows;
/* A row of weight zero does not count, not even where its density is zero. */
INLINE double weighted(double w, double x) { return w != 0.0 ? w * x : 0.0; }
/* What does not change with a mean has no slope, however steep the link. */
INLINE double through(double d, double by_eta) { return d != 0.0 ? d * by_eta : 0.0; }
/* The log of a sum of exponentials; without any, of zero. */
static inline double log_of_sum(int n, const double *terms) {
    double largest = -LARGE, sum = 0.0;
    for (int k = 0; k < n; k++) largest = m_max(terms[k], largest);
    const double middle = isinf(largest) ? 0.0 : largest;
    SIMD_SUM(sum)
    for (int k = 0; k < n; k++) sum += m_exp(terms[k] - middle);
    return m_log(sum) + middle;
}
#include "printed_links.h"
/* Fill the means of the block that begins at a row; return its size. */
static int64_t means(Rows *c, int64_t at, int use, int second) {
    const int64_t m = c->n - at < BLOCK ? c->n - at : BLOCK;
    c->w = c->weights ? c->weights + at : c->ones;
    fill_means(c, c->eta + at, m, use, second);
    return m;
}
/* With faces m_i of the mean, the slope is sum_i d_i m_i'. Of use the bits of the faces. */
INLINE void slopes(Rows *c, int64_t at, int64_t m, const int use) {
    const double *w = c->w;
    double *out = c->d_eta + at;
    SIMD
    for (int64_t j = 0; j < m; j++) {
        double d = 0.0;
        if (use & 1) d += through(c->d[0][j], c->first[0][j]);
        if (use & 2) d += through(c->d[1][j], c->first[1][j]);
        if (use & 4) d += through(c->d[2][j], c->first[2][j]);
        out[j] = weighted(w[j], d);
    }
}
/* sum_i b_i m_i', of the faces in bits */
INLINE void mixed_slope(Rows *c, int64_t at, int64_t m, const int own, const int bits) {
    const double *w = c->w;
    double *out = c->mixed_eta + own * c->n + at;
    SIMD
    for (int64_t j = 0; j < m; j++) {
        double d = 0.0;
        if (bits & 1) d += through(c->mixed[own][0][j], c->first[0][j]);
        if (bits & 2) d += through(c->mixed[own][1][j], c->first[1][j]);
        if (bits & 4) d += through(c->mixed[own][2][j], c->first[2][j]);
        out[j] = weighted(w[j], d);
    }
}
/* The curvature is sum_i d_i m_i'' + sum_ij h_ij m_i' m_j', multiplied from the left: squares of slopes
 * overflow before it does. Bits of pairs 00, 10, 11, 20, 21, 22. */
#define PAIR(bit, i, j, times) if (pairs & (1 << bit)) d += times * through(through(c->h[bit][j_], c->first[i][j_]), c->first[j][j_])
INLINE void curvatures(Rows *c, int64_t at, int64_t m, const int use, const int pairs, const int b0, const int b1, const int b2) {
    const double *w = c->w;
    double *out = c->h_eta + at;
    SIMD
    for (int64_t j_ = 0; j_ < m; j_++) {
        double d = 0.0;
        if (use & 1) d += through(c->d[0][j_], c->second[0][j_]);
        if (use & 2) d += through(c->d[1][j_], c->second[1][j_]);
        if (use & 4) d += through(c->d[2][j_], c->second[2][j_]);
        PAIR(0, 0, 0, 1.0);
        PAIR(1, 1, 0, 2.0);
        PAIR(2, 1, 1, 1.0);
        PAIR(3, 2, 0, 2.0);
        PAIR(4, 2, 1, 2.0);
        PAIR(5, 2, 2, 1.0);
        out[j_] = weighted(w[j_], d);
    }
    if (b0) mixed_slope(c, at, m, 0, b0);
    if (b1) mixed_slope(c, at, m, 1, b1);
    if (b2) mixed_slope(c, at, m, 2, b2);
}
#undef PAIR
#include "printed_table.h"
enum { FAMILIES = sizeof FIRST / sizeof *FIRST };
static void fill_ones(Rows *c) {
    for (int j = 0; j < BLOCK; j++) c->ones[j] = 1.0;
}

/* The sum of log-densities without the terms of data alone; NaN for a family or link there is none of.
 *
 * known: a pointer for each column of data; weights: NULL for ones; own: the family's parameters, each
 * one number. Filled: d_eta, and with second h_eta, by row; mixed, second derivatives by the predictor and
 * each parameter, a row of n for each; d_own and the lower triangle of h_own (own by own), sums over rows.
 * What is not asked for may be NULL; mixed and h_own are zero where no derivative is. */
double NAME(printed)(int64_t family, int64_t link, int64_t second, int64_t n, const double *const *known, const double *weights,
                     const double *eta, const double *own, int64_t n_own, double *d_eta, double *h_eta, double *mixed,
                     double *d_own, double *h_own) {
    if (family < 0 || family >= FAMILIES || link < 0 || link >= LINKS || n_own < 0 || n_own > MOST_OWN) return NOT_A_NUMBER;
    Rows c;
    fill_ones(&c);
    c.n = n, c.link = link, c.known = known, c.weights = weights, c.eta = eta, c.own = own;
    c.d_eta = d_eta, c.h_eta = h_eta, c.mixed_eta = mixed, c.d_own = d_own, c.h_own = h_own;
    for (int64_t k = 0; k < n_own; k++) d_own[k] = 0.0;
    if (second && n_own) {
        memset(mixed, 0, n_own * n * sizeof *mixed);
        memset(h_own, 0, n_own * n_own * sizeof *h_own);
    }
    return (second ? SECOND : FIRST)[family](&c);
}
