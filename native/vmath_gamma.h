/* The log of the gamma function and its derivatives, for x of zero or more; NaN below zero.
 * By Stirling's series from 8 on; smaller ones are carried over from x + 8. With q = x (x + 7)
 * the steps between pair up: (x + k) (x + 7 - k) = q + k (7 - k), which is q, q + 6, q + 10, q + 12. */
INLINE double stirling_tail(double z) {
    double i = 1.0 / z, r = i * i;
    return i * (1.0 / 12 + r * (-1.0 / 360 + r * (1.0 / 1260 + r * (-1.0 / 1680 + r * (1.0 / 1188
           + r * (-691.0 / 360360 + r * (1.0 / 156)))))));
}
INLINE double m_lgamma(double x) {
    int low = x < 8.0;
    double z = low ? x + 8.0 : x, q = x * (x + 7.0);
    double steps = low ? q * (q + 6.0) * (q + 10.0) * (q + 12.0) : 1.0;
    double r = (z - 0.5) * (m_log(z) - 1.0) + (0.41893853320467274178 + stirling_tail(z)) - m_log(steps);
    return x < 0.0 ? NOT_A_NUMBER : r;
}
/* What log(z) - 1 / (2 z) leaves of the derivative, its sign turned, for r = 1 / z^2. */
INLINE double digamma_tail(double r) {
    return r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252 - r * (1.0 / 240 - r * (1.0 / 132
           - r * (691.0 / 32760 - r * (1.0 / 12 - r * (3617.0 / 8160))))))));
}
/* The sum of 1 / (x + k) for k below 8 is (2 x + 7) times that of 1 / (q + k (7 - k)). */
INLINE double m_digamma(double x) {
    int low = x < 8.0;
    double z = low ? x + 8.0 : x, y = low ? x : 8.0, q = y * (y + 7.0);
    double a = q * (q + 6.0), b = (q + 10.0) * (q + 12.0);
    double sum = ((2.0 * q + 6.0) * b + (2.0 * q + 22.0) * a) * (2.0 * y + 7.0) / (a * b);
    double i = 1.0 / z, d = m_log(z) - 0.5 * i - digamma_tail(i * i) - (low ? sum : 0.0);
    return x < 0.0 ? NOT_A_NUMBER : d;
}
/* lgamma(x + n) - lgamma(x) for n of zero or more, and its derivative in x. From 16 on term by term: at
 * x = 1e10 the two logarithms are 2e11 and leave 1e-5 to their difference, which may be 10. */
INLINE double m_log_rising(double x, double n) {
    if (x < 16.0) return m_lgamma(x + n) - m_lgamma(x);
    return (x - 0.5) * m_log1p(n / x) + n * (m_log(x + n) - 1.0) + stirling_tail(x + n) - stirling_tail(x);
}
INLINE double m_digamma_rising(double x, double n) {
    if (x < 16.0) return m_digamma(x + n) - m_digamma(x);
    const double i = 1.0 / x, j = 1.0 / (x + n);
    return m_log1p(n * i) + 0.5 * n * i * j + digamma_tail(i * i) - digamma_tail(j * j);
}
/* 1 / u^2 + 1 / v^2 = (2 q + 49 - 2 k (7 - k)) / (q + k (7 - k))^2 for u = x + k and v = x + 7 - k. */
INLINE double m_trigamma(double x) {
    int low = x < 8.0;
    double z = low ? x + 8.0 : x, y = low ? x : 8.0, q = y * (y + 7.0), n = 2.0 * q;
    double a = q * q, b = (q + 6.0) * (q + 6.0), c = (q + 10.0) * (q + 10.0), d = (q + 12.0) * (q + 12.0);
    double sum = ((n + 49.0) * b + (n + 37.0) * a) / (a * b) + ((n + 29.0) * d + (n + 25.0) * c) / (c * d);
    double i = 1.0 / z, r = i * i;
    double series = i * r * (1.0 / 6 - r * (1.0 / 30 - r * (1.0 / 42 - r * (1.0 / 30 - r * (5.0 / 66
                    - r * (691.0 / 2730 - r * (7.0 / 6 - r * (3617.0 / 510 - r * (43867.0 / 798
                    - r * (174611.0 / 330))))))))));
    double t = i + 0.5 * r + series + (low ? sum : 0.0);
    return x < 0.0 ? NOT_A_NUMBER : t;
}
INLINE double m_tetragamma(double x) {
    int low = x < 8.0;
    double z = low ? x + 8.0 : x, sum = 0.0;
    for (int k = 0; k < 8; k++) {
        double u = 1.0 / (x + k);
        sum += u * u * u;
    }
    double i = 1.0 / z, r = i * i;
    double series = r * r * (0.5 - r * (1.0 / 6 - r * (1.0 / 6 - r * (3.0 / 10 - r * (5.0 / 6
                    - r * (691.0 / 210 - r * (35.0 / 2 - r * (3617.0 / 30 - r * (43867.0 / 42
                    - r * (1222277.0 / 110))))))))));
    double t = -r - i * r - series - (low ? 2.0 * sum : 0.0);
    return x < 0.0 ? NOT_A_NUMBER : t;
}
