/* The normal distribution by Mills' ratio R(t) = Phi(-t) / phi(t), t >= 0: (1 + t) R(t) is a
 * polynomial of (t - 5) / (t + 5), interpolated at Chebyshev's points (error below 1e-17). */
INLINE double mills_top(double t) {
    double near = m_min(1e300, t), q = (near - 5.0) / (near + 5.0);
    double p = -9.5648329347120875363e-10;
    p = p * q - 7.0738985755594818974e-10;
    p = p * q + 1.1032071151574244785e-08;
    p = p * q + 9.0924761340180857622e-09;
    p = p * q - 7.7585202367863639489e-08;
    p = p * q - 6.588974491108726771e-08;
    p = p * q + 4.9199623314783497546e-07;
    p = p * q + 3.2054316652589302948e-07;
    p = p * q - 3.2772876332088664667e-06;
    p = p * q - 1.7633239265736552349e-07;
    p = p * q + 2.2709612709237682873e-05;
    p = p * q - 2.4805838451923190641e-05;
    p = p * q - 1.3437427855711350886e-04;
    p = p * q + 4.5704392357953655557e-04;
    p = p * q + 1.953063837079078689e-05;
    p = p * q - 4.2012903291873068302e-03;
    p = p * q + 1.6348231281029381022e-02;
    p = p * q - 3.8026592185841386387e-02;
    p = p * q + 6.1505045840186498751e-02;
    p = p * q - 6.6177600779096305617e-02;
    p = p * q + 2.5072179301638799991e-02;
    p = p * q + 7.7781598868737687601e-02;
    p = p * q - 2.2948753825211315942e-01;
    return p * q + 1.156848628291894582;
}
/* phi(t), t >= 0: the square of the first 26 bits is exact, what is left is below 1e-4 in the power. */
INLINE double normal_density(double t) {
    double v = m_min(40.0, t), high = of_bits(bits_of(v) & 0xfffffffff8000000ULL);
    double rest = -0.5 * (v - high) * (v + high);
    double more = 1.0 + rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0)));
    return 0.3989422804014327 * m_exp(-0.5 * high * high) * more;
}
INLINE double m_normal_cdf(double x) {
    double t = fabs(x), tail = normal_density(t) * (mills_top(t) / (1.0 + t));
    return x < 0.0 ? tail : 1.0 - tail;
}
/* Left of zero log R - x^2 / 2 - log(2 pi) / 2, right of it log(1 - tail): one log serves both. */
INLINE double m_log_normal_cdf(double x) {
    double t = fabs(x), ratio = mills_top(t) / (1.0 + t), tail = normal_density(t) * ratio;
    int left = x < 0.0;
    double all = 1.0 - tail, lost = -tail - (all - 1.0);
    double r = log_of_rounded(left ? m_max(1e-300, ratio) : all, left ? 0.0 : lost);
    r = tail < 1e-16 && !left ? -tail : r;
    r = left ? r - 0.9189385332046727418 - 0.5 * x * x : r;
    return x != x ? x : r;
}
/* phi(x) / Phi(x) */
INLINE double m_normal_hazard(double x) {
    double t = fabs(x), top = mills_top(t), density = normal_density(t);
    double left = (1.0 + t) / top, right = density / (1.0 - density * (top / (1.0 + t)));
    return x < 0.0 ? left : right;
}
