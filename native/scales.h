/* Scales and correlations of a group's effects: factors, priors, derivatives. */
typedef struct {
    int64_t size, free; /* coordinates; how many are free correlations and a field's parameter, which is the last */
} GroupSizes;

static const double *numbers(const int64_t *I, int64_t at) { return (const double *)I + at; }

static const Group *groups_of(const int64_t *I) { return (const Group *)(I + ((const Program *)I)->at_groups); }

static const Field *field_of(const int64_t *I, const Group *g) { return g->at_field ? (const Field *)(I + g->at_field) : NULL; }

static int has_parameter(const int64_t *I, const Group *g) { return g->at_field && field_of(I, g)->law != CONSTANT_LAW; }

static GroupSizes sizes_of(const int64_t *I, const Group *g) {
    const Block *blocks = (const Block *)(I + g->at_blocks);
    int64_t free = 0;
    for (int64_t b = 0; b < g->blocks; b++) free += blocks[b].width * (blocks[b].width - 1) / 2;
    if (has_parameter(I, g)) free++;
    return (GroupSizes){g->terms + free + g->levels * g->terms, free};
}

/* Return the coordinate of a field's parameter. */
static int64_t field_at(const int64_t *I, int64_t g) {
    const Program *h = (const Program *)I;
    int64_t k = h->intercept + h->coefficients;
    for (int64_t other = 0; other < g; other++) k += sizes_of(I, groups_of(I) + other).size;
    return k + groups_of(I)[g].terms + sizes_of(I, groups_of(I) + g).free - 1;
}

static int64_t widest_group(const int64_t *I) {
    const Program *h = (const Program *)I;
    int64_t widest = 0;
    for (int64_t g = 0; g < h->groups; g++)
        if (groups_of(I)[g].terms > widest) widest = groups_of(I)[g].terms;
    return widest;
}

/* Fill the factor A = diag(sd) L of one group, s numbers to a row; A and L begin as zeros.
 * Returns the log prior density of its scales and correlations and fills its derivative.
 * A scale is the exponential of its coordinate, or, where its prior has a unit, that
 * multiple of it, of either sign: the density is the same at both and smooth between. */
static double group_forward(const int64_t *I, const Group *g, int64_t s, const double *x, double *A, double *L, double *sd, double *grad) {
    const int64_t q = g->terms;
    const Prior *prior = (const Prior *)(I + g->at_sd_prior);
    const Block *blocks = (const Block *)(I + g->at_blocks);
    double total = 0.0;
    for (int64_t t = 0; t < q; t++) {
        const Prior *p = prior + t;
        Pair found;
        if (p->c > 0.0) {
            sd[t] = p->c * x[t];
            found = signed_prior(p->kind, sd[t], p->a, p->b);
            found.slope *= p->c;
        } else {
            sd[t] = m_exp(x[t]);
            found = positive_prior(p->kind, x[t], p->a, p->b);
        }
        grad[t] = found.slope;
        total += found.value;
        L[t * s + t] = 1.0;
    }
    for (int64_t b = 0, start = 0, k = q; b < g->blocks; b++) {
        const int64_t width = blocks[b].width;
        const double power = (double)width + 2.0 * blocks[b].eta - 1.0;
        if (width > 1) total -= 0.5 * power * correlation_factor(width, s, x + k, L + start * (s + 1), power, grad + k);
        k += width * (width - 1) / 2;
        start += width;
    }
    for (int64_t i = 0; i < q; i++)
        for (int64_t j = 0; j <= i; j++) A[i * s + j] = sd[i] * L[i * s + j];
    return total;
}

/* Add what the derivative of A means for scales and correlations; dL is overwritten. */
static void group_backward(const int64_t *I, const Group *g, int64_t s, const double *L, const double *sd, const double *dA, double *dL, double *grad) {
    const Prior *prior = (const Prior *)(I + g->at_sd_prior);
    const Block *blocks = (const Block *)(I + g->at_blocks);
    for (int64_t i = 0; i < g->terms; i++) {
        const double change = prior[i].c > 0.0 ? prior[i].c : sd[i];
        for (int64_t j = 0; j <= i; j++) {
            grad[i] += dA[i * s + j] * change * L[i * s + j];
            dL[i * s + j] = dA[i * s + j] * sd[i];
        }
    }
    for (int64_t b = 0, start = 0, k = g->terms; b < g->blocks; b++) {
        const int64_t width = blocks[b].width;
        factor_gradient(width, s, L + start * (s + 1), dL + start * (s + 1), grad + k);
        k += width * (width - 1) / 2;
        start += width;
    }
}

#include "fields.h"

/* The factors of all groups, and room for their derivatives. */
typedef struct {
    int64_t groups, widest;
    double *A, *L, *sd, *dA, *dL, *chains;
} Factors;

static int64_t factors_size(const int64_t *I) {
    const int64_t w = widest_group(I), groups = ((const Program *)I)->groups;
    int64_t size = groups * (4 * w * w + w);
    for (int64_t g = 0; g < groups; g++) size += chain_size(I, groups_of(I) + g);
    return size;
}

/* Lay factors into room for them, all zero. */
static Factors factors_in(const int64_t *I, double *room) {
    const int64_t w = widest_group(I), groups = ((const Program *)I)->groups, all = groups * w * w;
    memset(room, 0, 8 * (size_t)factors_size(I));
    return (Factors){groups, w, room, room + all, room + 4 * all, room + 2 * all, room + 3 * all, room + 4 * all + groups * w};
}

/* Fill the factors of all groups; return the prior of their scales. */
static double all_scales(const int64_t *I, const double *x, Factors f, double *grad) {
    const Program *h = (const Program *)I;
    const int64_t w = f.widest;
    double total = 0.0, *chain = f.chains;
    int64_t k = h->intercept + h->coefficients;
    for (int64_t g = 0; g < f.groups; g++) {
        const Group *group = groups_of(I) + g;
        total += group_forward(I, group, w, x + k, f.A + g * w * w, f.L + g * w * w, f.sd + g * w, grad + k);
        if (has_parameter(I, group)) {
            const int64_t at = field_at(I, g);
            total += chain_forward(I, group, x[at], chain, grad + at);
        }
        chain += chain_size(I, group);
        k += sizes_of(I, group).size;
    }
    return total;
}

/* Add what the derivative of all factors means for the scales. */
static void all_scales_gradient(const int64_t *I, Factors f, double *grad) {
    const Program *h = (const Program *)I;
    const int64_t w = f.widest;
    int64_t k = h->intercept + h->coefficients;
    for (int64_t g = 0; g < f.groups; g++) {
        const Group *group = groups_of(I) + g;
        group_backward(I, group, w, f.L + g * w * w, f.sd + g * w, f.dA + g * w * w, f.dL + g * w * w, grad + k);
        k += sizes_of(I, group).size;
    }
}
