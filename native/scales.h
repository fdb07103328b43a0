/* Scales and correlations of a group's effects: factors, priors, derivatives. */
typedef struct {
    int64_t size, before; /* coordinates; those before effects: scales, free correlations, and last a field's parameter */
} GroupSizes;

static const double *numbers(const int64_t *I, int64_t at) { return (const double *)I + at; }

static const Group *groups_of(const int64_t *I) { return (const Group *)(I + ((const Program *)I)->at_groups); }

static const Field *field_of(const int64_t *I, const Group *g) { return g->at_field ? (const Field *)(I + g->at_field) : NULL; }

static int has_parameter(const int64_t *I, const Group *g) { return g->at_field && field_of(I, g)->law != CONSTANT_LAW; }

/* Whether a group is a map's field, and shares its scale with the group after it, its independent rest. */
static int is_mixed(const int64_t *I, const Group *g) { return g->at_field && field_of(I, g)->law == MIX_LAW; }

static int is_chain(const int64_t *I, const Group *g) { return has_parameter(I, g) && !is_mixed(I, g); }

/* Whether the intercept's coordinate takes up the mean of a group's effects. */
static int is_absorbed(const int64_t *I, const Group *g) { return g->at_field && field_of(I, g)->absorbed; }

static GroupSizes sizes_of(const int64_t *I, const Group *g) {
    const Block *blocks = (const Block *)(I + g->at_blocks);
    int64_t before = g->terms + has_parameter(I, g);
    for (int64_t b = 0; b < g->blocks; b++) before += blocks[b].width * (blocks[b].width - 1) / 2;
    if (g->rest) before = 0;
    if (g->same) return (GroupSizes){0, 0};
    return (GroupSizes){before + g->levels * g->terms, before};
}

/* Return the coordinate of a field's parameter. */
static int64_t field_at(const int64_t *I, int64_t g) {
    const Program *h = (const Program *)I;
    int64_t k = h->intercept + h->coefficients;
    for (int64_t other = 0; other < g; other++) k += sizes_of(I, groups_of(I) + other).size;
    return k + sizes_of(I, groups_of(I) + g).before - 1;
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

/* Fill the factors of a map's field and of its rest, s sqrt(mix) and s sqrt(1 - mix), from the scale s in
 * both. Returns the prior of the mix's coordinate x; fills its derivative. Both roots stay in the rest's L. */
static double mix_forward(const int64_t *I, const Group *g, int64_t g_at, Factors f, double x, double *grad) {
    const Prior *prior = (const Prior *)(I + field_of(I, g)->at_prior);
    const double mix = own_parameter(prior, x).value, s = f.sd[g_at * f.widest];
    const int64_t one = f.widest * f.widest, at = g_at * one;
    const Pair found = own_prior(prior, x);
    f.L[at + one] = sqrt(mix);
    f.sd[(g_at + 1) * f.widest] = sqrt(1.0 - mix);
    f.A[at] = s * f.L[at + one];
    f.A[at + one] = s * f.sd[(g_at + 1) * f.widest];
    *grad = found.slope;
    return found.value;
}

/* Turn derivatives in both factors into those in the scale, in the place of the field's, and in x. */
static void mix_gradient(int64_t g_at, Factors f, double *grad) {
    const int64_t one = f.widest * f.widest, at = g_at * one;
    const double root = f.L[at + one], rest = f.sd[(g_at + 1) * f.widest], s = f.sd[g_at * f.widest];
    *grad += 0.5 * s * root * rest * (f.dA[at] * rest - f.dA[at + one] * root);
    f.dA[at] = f.dA[at] * root + f.dA[at + one] * rest;
}

/* Fill the factors of all groups; return the prior of their scales. */
static double all_scales(const int64_t *I, const double *x, Factors f, double *grad) {
    const Program *h = (const Program *)I;
    const int64_t w = f.widest;
    double total = 0.0, *chain = f.chains;
    int64_t k = h->intercept + h->coefficients;
    for (int64_t g = 0; g < f.groups; g++) {
        const Group *group = groups_of(I) + g;
        if (group->rest || group->same) {
            k += sizes_of(I, group).size;
            continue;
        }
        total += group_forward(I, group, w, x + k, f.A + g * w * w, f.L + g * w * w, f.sd + g * w, grad + k);
        const int64_t at = k + sizes_of(I, group).before - 1;
        if (is_mixed(I, group)) total += mix_forward(I, group, g, f, x[at], grad + at);
        if (is_chain(I, group)) total += chain_forward(I, group, x[at], chain, grad + at);
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
        if (group->rest || group->same) {
            k += sizes_of(I, group).size;
            continue;
        }
        if (is_mixed(I, group)) mix_gradient(g, f, grad + k + sizes_of(I, group).before - 1);
        group_backward(I, group, w, f.L + g * w * w, f.sd + g * w, f.dA + g * w * w, f.dL + g * w * w, grad + k);
        k += sizes_of(I, group).size;
    }
}
