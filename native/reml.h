/* Restricted maximum likelihood of every marker by itself; the formulas are in scan/reml.py.
 *
 * theta is log(lambda). Of a marker x and the response y only the products x x, x y and y y enter. */
#define REML_STEPS 60
#define REML_CLOSE 1e-9

typedef struct {
    double slope, curve, s, m, Q;
} NAME(reml_t);

/* Slope and curvature of the restricted log-likelihood, and x'Hx, x'Hy, y'Hy - (x'Hy)^2 / x'Hx. */
static NAME(reml_t) NAME(reml_at)(int64_t n, const double *xx, const double *xy, const double *yy, const double *sizes,
                                  double theta) {
    const double lambda = m_exp(theta);
    double s = 0, ds = 0, dds = 0, m = 0, dm = 0, ddm = 0, q = 0, dq = 0, ddq = 0, one = 0, two = 0;
    SIMD_SUM(s, ds, dds, m, dm, ddm, q, dq, ddq, one, two)
    for (int64_t i = 0; i < n; i++) {
        const double h = 1.0 / (1.0 + lambda * sizes[i]), w = 1.0 - h, g = h * w, k = g * (w - h);
        s += xx[i] * h;
        ds -= xx[i] * g;
        dds += xx[i] * k;
        m += xy[i] * h;
        dm -= xy[i] * g;
        ddm += xy[i] * k;
        q += yy[i] * h;
        dq -= yy[i] * g;
        ddq += yy[i] * k;
        one += w;
        two += g;
    }
    const double free = (double)(n - 1), r = m / s, Q = q - m * r, dr = (dm - r * ds) / s;
    const double dQ = dq - 2.0 * r * dm + r * r * ds;
    const double ddQ = ddq - 2.0 * r * ddm + r * r * dds - 2.0 * dr * (dm - r * ds);
    const double by_s = ds / s, by_Q = dQ / Q;
    return (NAME(reml_t)){-0.5 * (one + by_s + free * by_Q),
                          -0.5 * (two + dds / s - by_s * by_s + free * (ddQ / Q - by_Q * by_Q)), s, m, Q};
}

/* The restricted log-likelihood at theta, whose sums are given. */
static double NAME(reml_height)(int64_t n, const double *sizes, double theta, double s, double Q) {
    const double lambda = m_exp(theta);
    double total = 0.0;
    SIMD_SUM(total)
    for (int64_t i = 0; i < n; i++) total += m_log1p(lambda * sizes[i]);
    return -0.5 * (total + m_log(s) + (double)(n - 1) * m_log(Q));
}

/* Where the slope falls through zero between two bounds: Newton's method, then halves. */
static double NAME(reml_climb)(int64_t n, const double *xx, const double *xy, const double *yy, const double *sizes,
                               double low, double high, double start) {
    double theta = low < start && start < high ? start : 0.5 * (low + high);
    for (int turn = 0; turn < REML_STEPS; turn++) {
        const NAME(reml_t) at = NAME(reml_at)(n, xx, xy, yy, sizes, theta);
        if (at.slope > 0.0) low = theta;
        else high = theta;
        const double step = at.curve < 0.0 ? -at.slope / at.curve : INFINITY, next = theta + step;
        if (fabs(step) < REML_CLOSE) return next;
        const int newton = turn < REML_STEPS / 3 && low < next && next < high;
        theta = newton ? next : 0.5 * (low + high);
        if (high - low < REML_CLOSE) return theta;
    }
    return theta;
}

/* x: m x n, of 4 or 8 bytes a number; slopes: m x bounds, the slope at every bound of the grid;
 * work: 3 n numbers. A marker that has a slope that is no number keeps what the results hold. */
void NAME(reml)(int64_t m, int64_t n, int64_t bounds, int64_t bytes, const void *x, const double *y, const double *sizes,
                const double *slopes, const double *grid, double start, double *work, double *effect, double *se,
                double *ratio) {
    double *xx = work, *xy = work + n, *yy = work + 2 * n;
    const int64_t last = bounds - 1;
    for (int64_t i = 0; i < n; i++) yy[i] = y[i] * y[i];
    for (int64_t j = 0; j < m; j++) {
        const double *slope = slopes + j * bounds;
        int finite = 1, maxima = (slope[0] <= 0.0) + (slope[last] >= 0.0);
        for (int64_t k = 0; k <= last; k++) finite &= isfinite(slope[k]) != 0;
        if (!finite) continue;
        for (int64_t k = 0; k < last; k++) maxima += slope[k] > 0.0 && slope[k + 1] <= 0.0;
        for (int64_t i = 0; i < n; i++) {
            const double value = bytes == 4 ? (double)((const float *)x)[j * n + i] : ((const double *)x)[j * n + i];
            xx[i] = value * value;
            xy[i] = value * y[i];
        }
        double best = -INFINITY;
        for (int64_t k = -1; k <= last; k++) {
            const int there = k < 0 ? slope[0] <= 0.0 : k == last ? slope[last] >= 0.0 : slope[k] > 0.0 && slope[k + 1] <= 0.0;
            if (!there) continue;
            const double theta = k < 0       ? grid[0]
                                 : k == last ? grid[last]
                                             : NAME(reml_climb)(n, xx, xy, yy, sizes, grid[k], grid[k + 1], start);
            const NAME(reml_t) at = NAME(reml_at)(n, xx, xy, yy, sizes, theta);
            const double height = maxima > 1 ? NAME(reml_height)(n, sizes, theta, at.s, at.Q) : 0.0;
            if (!(height > best)) continue;
            best = height;
            ratio[j] = theta;
            effect[j] = at.m / at.s;
            se[j] = sqrt(at.Q / (double)(n - 1) / at.s);
        }
    }
}
