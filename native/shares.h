/* All rows, in shares that threads may take.
 *
 * How many shares there are depends on the table alone, each sums by itself, and their sums are added in order:
 * a density has the same bits whatever the number of threads. */

/* What a share adds to a group's derivatives: those of levels from `low` on. */
typedef struct {
    int64_t low, size;
    double *d_u;
} Part;

typedef struct {
    int64_t from, to;
    double value, d_start, *d_beta, *d_own, *eta, *d, *tape;
    Part *parts;
} Share;

/* All that shares read. */
typedef struct {
    const int64_t *I;
    const Law *law;
    const Fixed *fixed;
    const Effects *effects;
    Share *shares;
} Rowwise;

/* A share is worth a thread: it takes a tenth of a millisecond or more. And what shares keep apart, effects of
 * groups that are not sorted, is no more than there are rows. */
enum { ROWS_A_SHARE = 32768, MOST_SHARES = 16 };

static int64_t shares_of(const int64_t *I) {
    const Program *h = (const Program *)I;
    int64_t apart = 0, shares = 1;
    for (int64_t g = 0; g < h->groups; g++)
        if (!groups_of(I)[g].at_starts) apart += groups_of(I)[g].levels * groups_of(I)[g].terms;
    while (2 * shares <= MOST_SHARES && 2 * shares * ROWS_A_SHARE <= h->rows && 2 * shares * apart <= h->rows) shares *= 2;
    return shares;
}

static int64_t shares_size(const int64_t *I) {
    const Program *h = (const Program *)I;
    const int64_t shares = shares_of(I);
    int64_t each = (int64_t)(sizeof(Share) / 8) + 2 * h->predictors * ROWS_AT_ONCE + h->coefficients + h->parameters + tape_size(I) + h->groups * (int64_t)(sizeof(Part) / 8), all = 0;
    for (int64_t g = 0; g < h->groups && shares > 1; g++) {
        const Group *group = groups_of(I) + g;
        all += group->terms * (group->at_starts ? group->levels + shares : group->levels * shares);
    }
    return shares * each + all;
}

/* Lay shares into room, their sums zero; one share alone adds to the groups' derivatives themselves. */
static Share *lay_shares(const int64_t *I, const Effects *effects, double *room) {
    const Program *h = (const Program *)I;
    const int64_t n = h->rows, count = shares_of(I), blocks = (n + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
    Share *shares = (Share *)room;
    memset(room, 0, 8 * (size_t)shares_size(I));
    room += count * (int64_t)(sizeof(Share) / 8);
    for (int64_t s = 0; s < count; s++) {
        Share *own = shares + s;
        const int64_t end = blocks * (s + 1) / count * ROWS_AT_ONCE;
        *own = (Share){.from = blocks * s / count * ROWS_AT_ONCE, .to = end < n ? end : n, .eta = room, .parts = (Part *)(room + 2 * h->predictors * ROWS_AT_ONCE)};
        own->d = own->eta + h->predictors * ROWS_AT_ONCE;
        own->d_beta = (double *)(own->parts + h->groups);
        own->d_own = own->d_beta + h->coefficients;
        own->tape = own->d_own + h->parameters;
        room = own->tape + tape_size(I);
        for (int64_t g = 0; g < h->groups; g++) {
            const Effects *e = effects + g;
            Part *part = own->parts + g;
            if (count == 1) {
                *part = (Part){0, 0, e->d_u};
                continue;
            }
            part->low = e->starts ? e->index[own->from] : 0;
            part->size = ((e->starts ? e->index[own->to - 1] + 1 : e->map.levels) - part->low) * e->map.q;
            part->d_u = room;
            room += part->size;
        }
    }
    return shares;
}

/* Add a group's effects to the predictor of rows from `first` on. */
static void add_effects(const Effects *e, int64_t n, int64_t first, int64_t m, double *restrict eta) {
    if (!e->index) return;
    const int64_t q = e->map.q, *restrict index = e->index + first;
    const double *restrict u = e->u;
    if (!e->Z) {
        for (int64_t i = 0; i < m; i++) eta[i] += u[index[i]];
        return;
    }
    for (int64_t t = 0; t < q; t++) {
        const double *restrict Z = e->Z + t * n + first;
        for (int64_t i = 0; i < m; i++) eta[i] += Z[i] * u[index[i] * q + t];
    }
}

static void begin_predictor(const double *restrict offset, double start, int64_t m, double *restrict eta) {
    for (int64_t i = 0; i < m; i++) eta[i] = offset[i] + start;
}

static void add_column(const double *restrict column, double factor, int64_t m, double *restrict eta) {
    SIMD
    for (int64_t i = 0; i < m; i++) eta[i] += column[i] * factor;
}

/* Sum of products with a column, or of the numbers themselves. */
INLINE double sum_of(const double *restrict column, const double *restrict d, int64_t from, int64_t to) {
    double total = 0.0;
    if (column) {
        SIMD_SUM(total)
        for (int64_t i = from; i < to; i++) total += column[i] * d[i];
    } else {
        SIMD_SUM(total)
        for (int64_t i = from; i < to; i++) total += d[i];
    }
    return total;
}

/* Add each row's derivative to the effects that it used. */
static void gather_effects(const Effects *e, const Part *part, int64_t n, int64_t first, int64_t m, const double *restrict d) {
    if (!e->index) return;
    const int64_t q = e->map.q, low = part->low, *restrict index = e->index + first;
    for (int64_t t = 0; t < q; t++) {
        double *d_u = part->d_u + t;
        const double *Z = e->Z ? e->Z + t * n + first : NULL;
        if (e->starts) { /* a level's sum stays in a register */
            for (int64_t i = 0; i < m;) {
                const int64_t level = index[i], end = e->starts[level + 1] - first, stop = end < m ? end : m;
                d_u[(level - low) * q] += sum_of(Z, d, i, stop);
                i = stop;
            }
        } else if (Z) {
            for (int64_t i = 0; i < m; i++) d_u[(index[i] - low) * q] += Z[i] * d[i];
        } else {
            for (int64_t i = 0; i < m; i++) d_u[index[i] - low] += d[i];
        }
    }
}

/* Sum the rows of a share, block by block. */
static void sum_share(void *of, int64_t number) {
    const Rowwise *all = of;
    const int64_t *I = all->I;
    const Program *h = (const Program *)I;
    Share *own = all->shares + number;
    const double *offset = numbers(I, h->at_offset);
    const Column *columns = columns_of(I);
    const Seen seen = seen_of(I);
    const int64_t n = h->rows;
    const double *eta[MOST_PREDICTORS];
    double *d[MOST_PREDICTORS];
    for (int64_t p = 0; p < h->predictors; p++) eta[p] = own->eta + p * ROWS_AT_ONCE, d[p] = own->d + p * ROWS_AT_ONCE;
    Machine tape;
    Law law = *all->law;
    give_machine(I, &law, &tape, own->tape);
    for (int64_t first = own->from; first < own->to; first += ROWS_AT_ONCE) {
        const int64_t m = own->to - first < ROWS_AT_ONCE ? own->to - first : ROWS_AT_ONCE;
        for (int64_t p = 0; p < h->predictors; p++) begin_predictor(offset + p * n + first, p ? 0.0 : all->fixed->start, m, own->eta + p * ROWS_AT_ONCE);
        for (int64_t j = 0; j < h->slopes; j++) {
            if (!by_row(columns + j)) continue;
            const double slope = slope_of(columns + j, j < h->coefficients ? all->fixed->beta[j] : 0.0, all->effects);
            add_column(numbers(I, columns[j].at_values) + first, slope, m, own->eta + columns[j].predictor * ROWS_AT_ONCE);
        }
        for (int64_t g = 0; g < h->groups; g++) add_effects(all->effects + g, n, first, m, own->eta + all->effects[g].predictor * ROWS_AT_ONCE);
        own->value += block_rows(&law, seen, first, m, eta, d, own->d_own);
        own->d_start += sum_of(NULL, d[0], 0, m);
        for (int64_t j = 0; j < h->slopes; j++) {
            if (!by_row(columns + j)) continue;
            const double slope = sum_of(numbers(I, columns[j].at_values) + first, d[columns[j].predictor], 0, m);
            if (columns[j].level < 0)
                own->d_beta[j] += slope;
            else
                own->parts[columns[j].group].d_u[effect_at(columns + j, all->effects)] += slope;
        }
        for (int64_t g = 0; g < h->groups; g++) gather_effects(all->effects + g, own->parts + g, n, first, m, d[all->effects[g].predictor]);
    }
}

/* Sum all rows; add their derivatives to those of the parameters, the groups and of what is fixed. room:
 * shares_size(I). */
static double all_rows(const int64_t *I, const Law *law, double *d_own, Fixed *fixed, const Effects *effects, double *room) {
    const Program *h = (const Program *)I;
    Rowwise rows = {I, law, fixed, effects, lay_shares(I, effects, room)};
    const int64_t count = shares_of(I);
    share_out((Work){sum_share, &rows, count, 0}, h->threads);
    double value = add_whole(I, law, d_own);
    for (int64_t s = 0; s < count; s++) {
        const Share *own = rows.shares + s;
        value += own->value;
        for (int64_t k = 0; k < h->parameters; k++) d_own[k] += own->d_own[k];
        fixed->d_start += own->d_start;
        for (int64_t j = 0; j < h->coefficients; j++) fixed->d_beta[j] += own->d_beta[j];
        for (int64_t g = 0; g < h->groups; g++) {
            const Part *part = own->parts + g;
            double *d_u = effects[g].d_u + part->low * effects[g].map.q;
            for (int64_t k = 0; k < part->size; k++) d_u[k] += part->d_u[k];
        }
    }
    return value;
}
