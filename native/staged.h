/* Families whose rows are written row by row: a stage of rows first gets each row's value
 * and derivatives, then zeros that have a probability of their own, then its sums. */
typedef struct { double value[STAGE], own[STAGE]; } Stage; /* slopes in eta go where they are wanted */

#define FILL(row)                                \
    {                                            \
        SIMD                                     \
        for (int64_t i = 0; i < m; i++) {        \
            const Row found = row;               \
            value[i] = found.value;              \
            slope[i] = found.slope;              \
            own[i] = found.own;                  \
        }                                        \
        return 1;                                \
    }
#define CASE(family, link, row) case (family) * 8 + (link): FILL(row)
#define MEANS(family, row) CASE(family, IDENTITY, row(IDENTITY, y[i], eta[i], o)) CASE(family, LOG, row(LOG, y[i], eta[i], o)) \
    CASE(family, SQRT, row(SQRT, y[i], eta[i], o)) CASE(family, INVERSE, row(INVERSE, y[i], eta[i], o))

/* A stage of rows of a plain family; 0 where there is no such family with this link. */
static int plain_rows(int64_t family, int64_t link, Own o, int64_t m, const double *restrict y,
                      const double *restrict eta, double *restrict value, double *restrict slope, double *restrict own) {
    switch (family * 8 + link) {
        MEANS(POISSON, poisson_row)
        MEANS(NEGATIVE_BINOMIAL, negative_binomial_row)
    }
    return 0;
}
#undef CASE
#undef MEANS

/* The same for families whose rows need rises at numbers of their own. */
INLINE int rising_counts_link(int64_t link, Own o, int64_t m, const double *restrict y, const double *restrict eta,
                              double *restrict value, double *restrict slope, double *restrict own) {
    double size[STAGE], rise[STAGE], d_rise[STAGE];
    SIMD
    for (int64_t i = 0; i < m; i++) size[i] = mean_of(link, eta[i]).mu * o.by_own;
    rise_rows(m, y, size, rise, d_rise);
    FILL(negative_binomial_1_row(link, y[i], eta[i], o, rise[i], d_rise[i]))
}

#define CASE(link, rows, ...) case link: return rows(link, __VA_ARGS__);
static int rising_counts(int64_t link, Own o, int64_t m, const double *y, const double *eta, double *value, double *slope, double *own) {
    switch (link) {
        CASE(IDENTITY, rising_counts_link, o, m, y, eta, value, slope, own)
        CASE(LOG, rising_counts_link, o, m, y, eta, value, slope, own)
        CASE(SQRT, rising_counts_link, o, m, y, eta, value, slope, own)
        CASE(INVERSE, rising_counts_link, o, m, y, eta, value, slope, own)
    }
    return 0;
}
#undef CASE
#undef FILL

static int stage_rows(const Law *law, int64_t m, const double *y, const double *eta, double *slope, Stage *stage) {
    if (law->plain == NEGATIVE_BINOMIAL_1) return rising_counts(law->link, law->own, m, y, eta, stage->value, slope, stage->own);
    return plain_rows(law->plain, law->link, law->own, m, y, eta, stage->value, slope, stage->own);
}

/* Zeros may come from elsewhere too, with probability `share`; returns the slope in it. */
static double inflate(const Law *law, int64_t m, const double *restrict y, double *restrict slope, double *restrict value, double *restrict own) {
    const double share = law->share, rest = 1.0 - share, log_rest = law->log_rest;
    double d_share = 0.0;
    SIMD_SUM(d_share)
    for (int64_t i = 0; i < m; i++) {
        const int above = y[i] > 0.0;
        const double chance = m_exp(value[i]), zero = share + rest * chance, weight = rest * chance / zero;
        value[i] = pick(above, log_rest + value[i], m_log(zero));
        slope[i] *= pick(above, 1.0, weight);
        own[i] *= pick(above, 1.0, weight);
        d_share += pick(above, -1.0 / rest, (1.0 - chance) / zero);
    }
    return d_share;
}

/* What is above zero is divided by the chance of that, of which `none` has the value and slopes of
 * a zero. */
static void truncate_rows(int64_t m, const double *restrict none, const double *restrict none_slope, const double *restrict none_own,
                          double *restrict value, double *restrict slope, double *restrict own) {
    SIMD
    for (int64_t i = 0; i < m; i++) {
        const double odds = m_expm1(-none[i]);
        value[i] -= m_log(-m_expm1(none[i]));
        slope[i] += none_slope[i] / odds;
        own[i] += none_own[i] / odds;
    }
}

/* All zeros, and no others, come from elsewhere; returns the slope in their probability. */
static double hurdle(const Law *law, int64_t m, const double *restrict y, const double *eta, double *restrict slope, Stage *stage) {
    double none_slope[STAGE], d_share = 0.0, *restrict value = stage->value, *restrict own = stage->own;
    const double nothing[STAGE] = {0};
    Stage none;
    stage_rows(law, m, nothing, eta, none_slope, &none);
    truncate_rows(m, none.value, none_slope, none.own, value, slope, own);
    const double rest = law->log_rest, log_share = law->log_share, up = -1.0 / (1.0 - law->share), down = 1.0 / law->share;
    SIMD_SUM(d_share)
    for (int64_t i = 0; i < m; i++) {
        const int above = y[i] != 0.0;
        value[i] = pick(above, value[i] + rest, log_share);
        slope[i] = pick(above, slope[i], 0.0);
        own[i] = pick(above, own[i], 0.0);
        d_share += pick(above, up, down);
    }
    return d_share;
}

static Sums staged_rows(const Law *law, int64_t n, const double *y, const double *eta, double *d) {
    Stage stage;
    double total = 0.0, own = 0.0, share = 0.0;
    for (int64_t at = 0; at < n; at += STAGE) {
        const int64_t m = n - at < STAGE ? n - at : STAGE;
        if (!stage_rows(law, m, y + at, eta + at, d + at, &stage)) return (Sums){NAN, {0.0}};
        if (law->zeros == INFLATED) share += inflate(law, m, y + at, d + at, stage.value, stage.own);
        if (law->zeros == HURDLE) share += hurdle(law, m, y + at, eta + at, d + at, &stage);
        SIMD_SUM(total, own)
        for (int64_t i = 0; i < m; i++) {
            total += stage.value[i];
            own += stage.own[i];
        }
    }
    Sums sums = {total, {0.0}};
    if (law->zeros) sums.own[law->last] += share;
    if (law->parameters > (law->zeros ? 1 : 0)) sums.own[0] += own;
    return sums;
}
