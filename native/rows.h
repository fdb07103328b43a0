/* Row likelihoods of blocks of rows: sums, and derivatives in eta and the parameters. */

/* Bernoulli rows with the logit link: y eta - log(1 + exp(eta)), with one logarithm for a
 * product of many numbers in [1, 2]. */
static double logistic_rows(int64_t n, const double *restrict y, const double *restrict eta, double *restrict d) {
    double total = 0.0, one[512];
    for (int64_t start = 0; start < n; start += 512) {
        const int64_t m = n - start < 512 ? n - start : 512;
        SIMD_SUM(total)
        for (int64_t j = 0; j < m; j++) {
            const double at = eta[start + j], e = m_exp(-fabs(at));
            one[j] = 1.0 + e;
            total += y[start + j] * at - m_max(at, 0.0);
            d[start + j] = y[start + j] - (at >= 0.0 ? 1.0 : e) / one[j];
        }
        double product = 1.0;
        SIMD_PRODUCT(product)
        for (int64_t j = 0; j < m; j++) product *= one[j];
        total -= m_log(product);
    }
    return total;
}

static double log_poisson_rows(int64_t n, const double *restrict y, const double *restrict eta, double *restrict d) {
    double total = 0.0;
    SIMD_SUM(total)
    for (int64_t i = 0; i < n; i++) {
        const double mu = m_exp(eta[i]);
        total += y[i] * eta[i] - mu;
        d[i] = y[i] - mu;
    }
    return total;
}

/* Normal errors with standard deviation sigma; each row is the mean of `counts` equal ones. */
INLINE Sums gaussian_link(int64_t link, const Law *law, int64_t n, const double *restrict y, const double *restrict counts, const double *restrict eta, double *restrict d) {
    const double sigma = law->own.own, each = 1.0 / (sigma * sigma);
    double squares = 0.0, rows = 0.0;
    SIMD_SUM(squares, rows)
    for (int64_t i = 0; i < n; i++) {
        const Mean m = mean_of(link, eta[i]);
        const double residual = y[i] - m.mu, pull = counts[i] * residual;
        squares += pull * residual;
        d[i] = pull * each * m.slope;
        rows += counts[i];
    }
    const double value = -0.5 * squares * each - rows * (law->own.log_own + 0.5 * LOG_2PI);
    return (Sums){value, {(squares * each - rows) / sigma, 0.0}};
}

/* Student's t errors with scale sigma and nu degrees of freedom. */
INLINE Sums student_t_link(int64_t link, const Law *law, int64_t n, const double *restrict y, const double *restrict eta, double *restrict d) {
    const double by_sigma = 1.0 / law->own.own, nu = law->nu, by_nu = 1.0 / nu;
    double total = 0.0, d_sigma = 0.0, d_nu = 0.0;
    SIMD_SUM(total, d_sigma, d_nu)
    for (int64_t i = 0; i < n; i++) {
        const Mean m = mean_of(link, eta[i]);
        const double z = (y[i] - m.mu) * by_sigma, ratio = z * z * by_nu, spread = m_log1p(ratio);
        const double weight = (nu + 1.0) / (nu + z * z), share = weight * z * z;
        total += spread;
        d[i] = weight * z * by_sigma * m.slope;
        d_sigma += share - 1.0;
        d_nu += share * by_nu - spread;
    }
    const double value = (double)n * law->each - 0.5 * (nu + 1.0) * total;
    return (Sums){value, {d_sigma * by_sigma, 0.5 * d_nu + (double)n * law->d_nu}};
}

#define EACH_MEAN(rows, ...)                                    \
    switch (law->link) {                                        \
    case LOG: return rows(LOG, __VA_ARGS__);                    \
    case SQRT: return rows(SQRT, __VA_ARGS__);                  \
    case INVERSE: return rows(INVERSE, __VA_ARGS__);            \
    default: return rows(IDENTITY, __VA_ARGS__);                \
    }
static Sums gaussian_rows(const Law *law, int64_t n, const double *y, const double *counts, const double *eta, double *d) {
    EACH_MEAN(gaussian_link, law, n, y, counts, eta, d)
}
static Sums student_t_rows(const Law *law, int64_t n, const double *y, const double *eta, double *d) {
    EACH_MEAN(student_t_link, law, n, y, eta, d)
}

/* What rows are seen of: columns as long as the table, each NULL where there is none. */
typedef struct {
    int64_t n, columns, predictors;
    const double *y, *counts, *known, *weights;
    const Output *outputs;
} Seen;

static Seen seen_of(const int64_t *I) {
    const Program *h = (const Program *)I;
    const double *weights = h->at_weights ? numbers(I, h->at_weights) : NULL;
    const Tape *tape = (const Tape *)(I + h->at_tape);
    const Output *outputs = h->at_tape ? (const Output *)(I + tape->at_outputs) : NULL;
    return (Seen){h->rows, h->columns, h->predictors, numbers(I, h->at_y), numbers(I, h->at_counts), numbers(I, h->at_known), weights, outputs};
}

static const double *weights_from(Seen s, int64_t first) { return s.weights ? s.weights + first : NULL; }

/* Rows of a family that is printed. */
static Sums printed_rows(const Law *law, Seen s, int64_t first, int64_t n, const double *eta, double *d) {
    const double *known[MOST_KNOWN];
    Sums sums = {0.0, {0.0}};
    Rows c;
    for (int64_t k = 0; k < s.columns; k++) known[k] = s.known + k * s.n + first;
    fill_ones(&c);
    c.n = n, c.link = law->link, c.known = known, c.weights = weights_from(s, first);
    c.eta = eta, c.own = law->given, c.d_eta = d, c.d_own = sums.own;
    sums.value = FIRST[law->printed](&c);
    return sums;
}

/* Rows of ordered categories; adds derivatives in the thresholds and the discrimination to d_own. */
static double cumulative_rows(const Law *law, Seen s, int64_t first, int64_t n, const double *eta, double *d, double *d_own) {
    const double *known[3] = {s.known + first, s.known + s.n + first, s.known + 2 * s.n + first};
    Rows c;
    fill_ones(&c);
    c.n = n, c.known = known, c.weights = weights_from(s, first), c.eta = eta, c.d_eta = d;
    c.cuts = law->cuts, c.thresholds = law->given, c.own = law->given + law->cuts;
    c.d_thresholds = d_own, c.d_own = d_own + law->cuts;
    return CUT_FIRST[law->link - LOGIT](&c);
}

static const Sizes *tape_of(const int64_t *I) {
    const Program *h = (const Program *)I;
    return h->at_tape ? (const Sizes *)(I + h->at_tape) : NULL;
}
static int64_t tape_size(const int64_t *I) { return tape_of(I) ? machine_size(tape_of(I)) : 0; }

/* The machine of a density that is interpreted; its room is tape_size(I). */
static Machine tape_in(const int64_t *I, const double *parameters, double *room) {
    const Tape *t = (const Tape *)tape_of(I);
    return machine_in((const Sizes *)t, (const Record *)(I + t->at_records), numbers(I, t->at_constants), parameters, room);
}

/* Give a law the machine of its rows, where these are interpreted. */
static void give_machine(const int64_t *I, Law *law, Machine *machine, double *room) {
    if (!tape_of(I)) return;
    *machine = tape_in(I, law->given, room);
    law->tape = machine;
}

/* Rows of a density that is interpreted, which may have several predictors. */
static Sums tape_rows(const Law *law, Seen s, int64_t first, int64_t n, const double *const *eta, double *const *d) {
    const double *columns[MOST_COLUMNS + MOST_PREDICTORS];
    double *out[MOST_PREDICTORS + 1 + MOST_OWN];
    Sums sums = {0.0, {0.0}};
    for (int64_t k = 0; k < s.columns; k++) columns[k] = s.known + k * s.n + first;
    for (int64_t p = 0; p < s.predictors; p++) columns[s.columns + p] = eta[p], out[p] = d[p];
    out[s.predictors] = &sums.value;
    for (int64_t k = 0; k < law->parameters; k++) out[s.predictors + 1 + k] = sums.own + k;
    run_strips(law->tape, s.outputs, n, columns, out);
    return sums;
}

static Sums own_rows(const Law *law, Seen s, int64_t first, int64_t n, const double *eta, double *d) {
    if (law->printed >= 0) return printed_rows(law, s, first, n, eta, d);
    const double *y = s.y + first;
    switch (law->zeros ? -1 : law->plain) {
    case GAUSSIAN: return gaussian_rows(law, n, y, s.counts + first, eta, d);
    case STUDENT_T: return student_t_rows(law, n, y, eta, d);
    case POISSON:
        if (law->link == LOG) return (Sums){log_poisson_rows(n, y, eta, d), {0.0}};
        break;
    case BERNOULLI: return (Sums){logistic_rows(n, y, eta, d), {0.0}};
    }
    return staged_rows(law, n, y, eta, d);
}

/* Sum a block of rows, `first` and those that follow; fill their derivatives in each predictor, and add those
 * in the parameters to d_own. */
static double block_rows(const Law *law, Seen s, int64_t first, int64_t n, const double *const *eta, double *const *d, double *d_own) {
    if (law->tape) return add_sums(tape_rows(law, s, first, n, eta, d), law, d_own);
    if (law->cuts) return cumulative_rows(law, s, first, n, *eta, *d, d_own);
    return add_sums(own_rows(law, s, first, n, *eta, *d), law, d_own);
}

/* What all rows add together, beside the sums of their blocks. */
static Sums whole_rows(const int64_t *I, const Law *law) {
    const Program *h = (const Program *)I;
    if (law->printed >= 0) return (Sums){0.0, {0.0}};
    if (law->plain == NEGATIVE_BINOMIAL) {
        const Pair found = rises(h->distinct, numbers(I, h->at_distinct), numbers(I, h->at_times), law->own.own);
        return (Sums){found.value, {law->parameters > (law->zeros ? 1 : 0) ? found.slope : 0.0}};
    }
    if (law->plain == GAUSSIAN) {
        const double sigma = law->own.own, squares = h->within / (sigma * sigma);
        return (Sums){-0.5 * squares, {squares / sigma}};
    }
    return (Sums){0.0, {0.0}};
}

static double add_whole(const int64_t *I, const Law *law, double *d_own) {
    return law->cuts ? 0.0 : add_sums(whole_rows(I, law), law, d_own);
}

enum { ROWS_AT_ONCE = 1024 };

/* Sum the log-density of all rows, without what depends on the response alone; fill the
 * derivatives in each row's predictors, one after the other, and add those in the parameters. */
double NAME(likelihood)(const int64_t *I, const double *eta, const double *parameters, double *d_eta, double *d_parameters) {
    const Program *h = (const Program *)I;
    double *room = malloc(8 * (size_t)(tape_size(I) + 1));
    if (!room) return NAN;
    Machine tape;
    Law law = law_of(h, parameters);
    give_machine(I, &law, &tape, room);
    const Seen s = seen_of(I);
    double value = add_whole(I, &law, d_parameters);
    for (int64_t at = 0; at < s.n; at += ROWS_AT_ONCE) {
        const int64_t m = s.n - at < ROWS_AT_ONCE ? s.n - at : ROWS_AT_ONCE;
        const double *each[MOST_PREDICTORS];
        double *d_each[MOST_PREDICTORS];
        for (int64_t p = 0; p < s.predictors; p++) each[p] = eta + p * s.n + at, d_each[p] = d_eta + p * s.n + at;
        value += block_rows(&law, s, at, m, each, d_each, d_parameters);
    }
    free(room);
    return value;
}
