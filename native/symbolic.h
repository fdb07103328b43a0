/* Where the entries of a sparse Cholesky factor with a dense tail are.
 *
 * A matrix and its factor share one vector of values: the diagonal of the first `tail`
 * columns, what is below it column by column (`edges`, `rows`), and then the dense block of
 * the m later columns, column by column. */

/* Count the entries of each column of the factor; fill rows where edges are given.
 * room: 2 n numbers. */
void NAME(reach)(int64_t n, const int64_t *starts, const int64_t *columns, const int64_t *edges, int64_t *rows, int64_t *counts, int64_t *room) {
    int64_t *parent = room, *mark = room + n;
    for (int64_t i = 0; i < n; i++) {
        parent[i] = mark[i] = -1;
        counts[i] = 0;
    }
    for (int64_t i = 0; i < n; i++) {
        mark[i] = i;
        for (int64_t at = starts[i]; at < starts[i + 1]; at++)
            for (int64_t k = columns[at]; mark[k] != i; k = parent[k]) {
                if (parent[k] == -1) parent[k] = i;
                if (edges) rows[edges[k] + counts[k]] = i;
                counts[k]++;
                mark[k] = i;
            }
    }
}

static int64_t place(int64_t n, int64_t tail, const int64_t *edges, const int64_t *rows, int64_t i, int64_t j) {
    if (j >= tail) return edges[tail] + (j - tail) * (n - tail) + (i - tail);
    if (i == j) return j;
    int64_t low = edges[j], high = edges[j + 1] - 1;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (rows[middle - tail] < i) low = middle + 1;
        else high = middle;
    }
    return low;
}

void NAME(places)(int64_t n, int64_t tail, const int64_t *edges, const int64_t *rows, int64_t count, const int64_t *row, const int64_t *column, int64_t *out) {
    for (int64_t k = 0; k < count; k++) out[k] = place(n, tail, edges, rows, row[k], column[k]);
}

/* Fill the place that each product of two entries of a column is taken from. */
void NAME(targets)(int64_t n, int64_t tail, const int64_t *edges, const int64_t *rows, int64_t *out) {
    int64_t t = 0;
    for (int64_t j = 0; j < tail; j++)
        for (int64_t b = edges[j]; b < edges[j + 1]; b++)
            for (int64_t a = b; a < edges[j + 1]; a++) out[t++] = place(n, tail, edges, rows, rows[a - tail], rows[b - tail]);
}
