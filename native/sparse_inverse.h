/* The diagonal of (L diag(d) L')^-1 by Takahashi's recursion, from the last column to the first.
 *
 * It needs the inverse only where L has entries. begins, rows, data: columns of L below its unit
 * diagonal, rows ascending; inverse has as many numbers as data, row_of has n. */
void NAME(inverse_diagonal)(int64_t n, const int32_t *begins, const int32_t *rows, const double *data, const double *d,
                            double *inverse, double *row_of, double *diagonal) {
    for (int64_t j = n - 1; j >= 0; j--) {
        const int64_t begin = begins[j], end = begins[j + 1];
        for (int64_t a = begin; a < end; a++) row_of[rows[a]] = 0.0;
        for (int64_t a = begin; a < end; a++) {
            const int32_t k = rows[a];
            row_of[k] -= data[a] * diagonal[k];
            int64_t b = a + 1;
            for (int64_t c = begins[k]; c < begins[k + 1]; c++) {
                while (b < end && rows[b] < rows[c]) b++;
                if (b == end) break;
                if (rows[b] != rows[c]) continue;
                row_of[k] -= data[b] * inverse[c];
                row_of[rows[b]] -= data[a] * inverse[c];
            }
        }
        double total = 1.0 / d[j];
        for (int64_t a = begin; a < end; a++) {
            inverse[a] = row_of[rows[a]];
            total -= data[a] * inverse[a];
        }
        diagonal[j] = total;
    }
}
