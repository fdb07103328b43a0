/* Ordered categories cut by thresholds. A row knows what kind of category it has (0 the first of its ladder,
 * 1 one between, 2 the last) and which thresholds are below and above; its faces are its predictor and
 * these two. Of the first and the last category one of them is the other, set apart, and nothing depends
 * on it. */
INLINE int64_t cut_at(const Rows *c, int column, int64_t i) {
    const double k = c->known[column][i], last = (double)(c->cuts - 1);
    return (int64_t)(k > 0.0 ? (k < last ? k : last) : 0.0);
}
static int64_t cuts(Rows *c, int64_t at, int use, int second) {
    const int64_t m = c->n - at < BLOCK ? c->n - at : BLOCK;
    (void)use, (void)second;
    c->w = c->weights ? c->weights + at : c->ones;
    for (int64_t j = 0; j < m; j++) {
        const double kind = c->known[0][at + j];
        c->mean[0][j] = c->eta[at + j];
        c->mean[1][j] = c->thresholds[cut_at(c, 1, at + j)] - (kind == 2.0 ? 1.0 : 0.0);
        c->mean[2][j] = c->thresholds[cut_at(c, 2, at + j)] + (kind == 0.0 ? 1.0 : 0.0);
    }
    return m;
}
static void cut_slopes(Rows *c, int64_t at, int64_t m) {
    for (int64_t j = 0; j < m; j++) {
        c->d_eta[at + j] = weighted(c->w[j], c->d[0][j]);
        c->d_thresholds[cut_at(c, 1, at + j)] += weighted(c->w[j], c->d[1][j]);
        c->d_thresholds[cut_at(c, 2, at + j)] += weighted(c->w[j], c->d[2][j]);
    }
}
/* Rows of mixed and h: the thresholds, then the discrimination. */
static void cut_curvatures(Rows *c, int64_t at, int64_t m) {
    const int64_t size = c->cuts, own = size + 1;
    for (int64_t j = 0; j < m; j++) {
        const int64_t i = at + j, low = cut_at(c, 1, i), high = cut_at(c, 2, i);
        const double w = c->w[j];
        c->h_eta[i] = weighted(w, c->h[0][j]);
        c->mixed_eta[low * c->n + i] += weighted(w, c->h[1][j]);
        c->mixed_eta[high * c->n + i] += weighted(w, c->h[3][j]);
        c->mixed_eta[size * c->n + i] = weighted(w, c->mixed[0][0][j]);
        c->h_thresholds[low * own + low] += weighted(w, c->h[2][j]);
        c->h_thresholds[high * own + high] += weighted(w, c->h[5][j]);
        c->h_thresholds[high * own + low] += weighted(w, c->h[4][j]);
        c->h_thresholds[size * own + low] += weighted(w, c->mixed[0][1][j]);
        c->h_thresholds[size * own + high] += weighted(w, c->mixed[0][2][j]);
    }
}
#include "printed_cumulative.h"

/* As printed, for the cumulative family. known: what kind of category, and the thresholds below and above,
 * counted from 0. own: all thresholds, and the discrimination. */
double NAME(printed_cumulative)(int64_t link, int64_t second, int64_t n, int64_t cuts, const double *const *known,
                                const double *weights, const double *eta, const double *own, double *d_eta, double *h_eta,
                                double *mixed, double *d_own, double *h_own) {
    if (link < 0 || link >= (int64_t)(sizeof CUT_FIRST / sizeof *CUT_FIRST) || cuts < 1) return NOT_A_NUMBER;
    Rows c;
    c.n = n, c.link = link, c.known = known, c.weights = weights, c.eta = eta, c.own = own + cuts;
    c.d_eta = d_eta, c.h_eta = h_eta, c.mixed_eta = mixed, c.d_own = d_own + cuts;
    c.h_own = second ? h_own + (cuts + 1) * (cuts + 1) - 1 : NULL;
    c.cuts = cuts, c.thresholds = own, c.d_thresholds = d_own, c.h_thresholds = h_own;
    fill_ones(&c);
    memset(d_own, 0, (cuts + 1) * sizeof *d_own);
    if (second) {
        memset(mixed, 0, (cuts + 1) * n * sizeof *mixed);
        memset(h_own, 0, (cuts + 1) * (cuts + 1) * sizeof *h_own);
    }
    return (second ? CUT_SECOND : CUT_FIRST)[link](&c);
}
