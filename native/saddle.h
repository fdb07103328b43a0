/* The cumulant function K of a centred sum of weighted binomial or Poisson counts; see scan/saddle.py. */
#define SADDLE_STEPS 200

typedef struct {
    double K, K1, K2;
} NAME(cumulants_t);

/* A count of n with mean n m and weight g has K(t) = n (log(1 - m + m exp(gt)) - m g t); both signs of
 * gt are written so that no exponential overflows. Rows of weight zero add nothing. */
INLINE NAME(cumulants_t) NAME(cumulants)(int64_t rows, const double *g, const double *mean, const double *trials, double t) {
    double K = 0.0, K1 = 0.0, K2 = 0.0;
    if (trials) {
        SIMD_SUM(K, K1, K2)
        for (int64_t i = 0; i < rows; i++) {
            const double n = trials[i], a = g[i] * t, e = m_exp(-fabs(a));
            const double m = g[i] == 0.0 ? 0.0 : mean[i] / n;
            const double inside = a > 0.0 ? m + (1.0 - m) * e : 1.0 - m + m * e;
            const double q = (a > 0.0 ? m : m * e) / inside;
            K += n * (m_log(inside) + m_max(a, 0.0)) - n * m * a;
            K1 += n * g[i] * (q - m);
            K2 += n * g[i] * g[i] * q * (1.0 - q);
        }
    } else {
        SIMD_SUM(K, K1, K2)
        for (int64_t i = 0; i < rows; i++) {
            const double a = g[i] * t, e = m_exp(a);
            K += mean[i] * (e - 1.0 - a);
            K1 += mean[i] * g[i] * (e - 1.0);
            K2 += mean[i] * g[i] * g[i] * e;
        }
    }
    return (NAME(cumulants_t)){K, K1, K2};
}

/* The positive root of K'(t) = s: Newton's method, kept between bounds that close in. */
static double NAME(saddle_root)(int64_t rows, const double *g, const double *mean, const double *trials, double s) {
    double low = 0.0, high = INFINITY, t = s / NAME(cumulants)(rows, g, mean, trials, 0.0).K2;
    for (int turn = 0; turn < SADDLE_STEPS; turn++) {
        const NAME(cumulants_t) c = NAME(cumulants)(rows, g, mean, trials, t);
        const int finite = isfinite(c.K1);
        if (!finite || c.K1 > s) high = t;
        else low = t;
        double next = finite && c.K2 > 0.0 ? t - (c.K1 - s) / c.K2 : NAN;
        if (!(low < next && next < high)) next = isinf(high) ? 2.0 * t : 0.5 * (low + high);
        if (fabs(next - t) <= 1e-12 * fabs(t)) return next;
        t = next;
    }
    return t;
}

/* out: the root t of K'(t) = s, K and K'' there, and K''(0). */
void NAME(saddle)(int64_t rows, const double *g, const double *mean, const double *trials, double s, double *out) {
    const double t = NAME(saddle_root)(rows, g, mean, trials, s);
    const NAME(cumulants_t) at = NAME(cumulants)(rows, g, mean, trials, t);
    out[0] = t, out[1] = at.K, out[2] = at.K2, out[3] = NAME(cumulants)(rows, g, mean, trials, 0.0).K2;
}
