/* Sums over rows; values without columns (NULL) stand for ones. */
void NAME(gather)(int64_t n, int64_t levels, int64_t q, const double *slope, const double *values, const int64_t *index, double *out) {
    (void)levels;
    for (int64_t i = 0; i < n; i++)
        for (int64_t a = 0; a < q; a++) out[index[i] * q + a] += slope[i] * (values ? values[i * q + a] : 1.0);
}
