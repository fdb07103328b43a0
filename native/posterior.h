/* The log-density of a GLMM and its gradient, in a program's own coordinates.
 *
 * Everything a model is travels in one buffer of words (see records.h). The coordinates are
 * those of the graph: standardised coefficients and effects, logarithms of positive
 * parameters, unconstrained rows of correlation factors. */

static int64_t posterior_size(const int64_t *I) {
    const Program *h = (const Program *)I;
    int64_t size = 2 * h->coefficients + 3 * h->parameters + factors_size(I) + map_size(widest_group(I)) + shares_size(I);
    size += h->groups * (int64_t)(sizeof(Effects) / 8);
    for (int64_t g = 0; g < h->groups; g++) size += 3 * groups_of(I)[g].levels * groups_of(I)[g].terms;
    return size;
}

/* Lay a group's effects into room; returns what is left of it. */
static double *lay_effects(const int64_t *I, Factors f, int64_t g, int64_t at, Effects *e, double *room) {
    const Group *group = groups_of(I) + g;
    const int64_t q = group->terms, all = group->levels * q, w = f.widest;
    const double *W = group->at_weight ? numbers(I, group->at_weight) : NULL;
    *e = (Effects){.map = {q, w, group->levels, f.A + g * w * w, W, numbers(I, group->at_pull), group->at_field != 0},
                   .predictor = group->predictor,
                   .first = at + sizes_of(I, group).before,
                   .index = group->at_index ? I + group->at_index : NULL,
                   .starts = group->at_starts ? I + group->at_starts : NULL,
                   .Z = group->at_Z ? numbers(I, group->at_Z) : NULL,
                   .w = room,
                   .u = room + all,
                   .d_u = room + 2 * all,
                   .L = f.L + g * w * w,
                   .sd = f.sd + g * w,
                   .dA = f.dA + g * w * w,
                   .dL = f.dL + g * w * w};
    if (group->same) { /* the effects of a group before it, on other rows or in another predictor */
        const Effects *own = e - g + group->same - 1;
        e->w = own->w;
        e->u = own->u;
        e->d_u = own->d_u;
        return room;
    }
    memset(e->d_u, 0, 8 * (size_t)all);
    return room + 3 * all;
}

/* What a group's mean effect takes from the intercept: zero where its coordinate does not take it up. A
 * map's field sums to zero; here one of its areas is held instead, and the intercept's coordinate is that
 * of the intercept less the mean, so that rows read both as they are. */
static double absorbed(const int64_t *I, int64_t g, const Effects *e) {
    if (!is_absorbed(I, groups_of(I) + g)) return 0.0;
    double total = 0.0;
    for (int64_t l = 0; l < e->map.levels; l++) total += e->u[l];
    return total / (double)e->map.levels;
}

static void absorbed_gradient(const Effects *e, double d_shift, double *grad) {
    const double each = d_shift / (double)e->map.levels;
    for (int64_t l = 0; l < e->map.levels; l++) {
        grad[l] += e->map.A[0] * each;
        e->dA[0] += e->w[l] * each;
    }
}

/* The prior of intercept and coefficients, where the intercept is its coordinate's number and a shift. */
static double fixed_prior(const int64_t *I, const double *x, double shift, Fixed *fixed, double *grad) {
    const Program *h = (const Program *)I;
    const Prior *own = (const Prior *)(I + h->at_intercept_prior), *prior = (const Prior *)(I + h->at_beta_prior);
    double total = h->constant;
    if (h->intercept) {
        const Pair found = standardised_prior(own->kind, x[0] + shift / own->b, own->c);
        total += found.value;
        grad[0] = found.slope;
        fixed->d_shift = found.slope / own->b;
        fixed->start = own->a + own->b * x[0];
    }
    for (int64_t j = 0; j < h->coefficients; j++) {
        const int64_t k = h->intercept + j;
        const Pair found = standardised_prior(prior[j].kind, x[k], prior[j].c);
        total += found.value;
        grad[k] = found.slope;
        fixed->beta[j] = prior[j].a + prior[j].b * x[k];
        fixed->d_beta[j] = 0.0;
    }
    return total;
}

static int climbs(const int64_t *I, int64_t j) {
    const int64_t at = ((const Program *)I)->at_climbs;
    return at && I[at + j];
}

/* Fill the family's parameters with how fast each moves with its own coordinate; return the log-density of
 * their priors with the Jacobian. A parameter that climbs is above the one before by the exponential of its
 * coordinate: its prior's derivative begins d_own, and reaches the coordinates of all those below. */
static double own_parameters(const int64_t *I, const double *x, double *parameters, double *pace, double *d_own, double *grad) {
    const Program *h = (const Program *)I;
    const Prior *prior = (const Prior *)(I + h->at_parameter_prior);
    double total = 0.0;
    for (int64_t j = 0, at = 0; j < h->parameters; j++) {
        const double here = prior[j].kind == HELD_PRIOR ? 0.0 : x[at];
        d_own[j] = 0.0;
        if (climbs(I, j)) {
            pace[j] = m_exp(here);
            parameters[j] = parameters[j - 1] + pace[j];
            const Pair found = standardised_prior(prior[j].kind, (parameters[j] - prior[j].a) / prior[j].b, prior[j].c);
            total += found.value + here;
            d_own[j] = found.slope / prior[j].b;
            grad[at++] = 1.0;
            continue;
        }
        const Pair found = own_prior(prior + j, here), own = own_parameter(prior + j, here);
        total += found.value;
        parameters[j] = own.value;
        pace[j] = own.slope;
        if (prior[j].kind != HELD_PRIOR) grad[at++] = found.slope;
    }
    return total;
}

static void own_parameters_gradient(const int64_t *I, const double *pace, const double *d_own, double *grad) {
    const Program *h = (const Program *)I;
    const Prior *prior = (const Prior *)(I + h->at_parameter_prior);
    int64_t at = 0;
    for (int64_t j = 0; j < h->parameters; j++) at += prior[j].kind != HELD_PRIOR;
    double above = 0.0;
    for (int64_t j = h->parameters - 1; j >= 0; j--) {
        if (prior[j].kind == HELD_PRIOR) continue;
        const double slope = d_own[j] + above;
        grad[--at] += slope * pace[j];
        above = climbs(I, j) ? slope : 0.0;
    }
}

/* Log posterior density of the coordinates x; fills grad. room: posterior_size(I). */
static double log_posterior(const int64_t *I, const double *x, double *grad, double *room) {
    const Program *h = (const Program *)I;
    Effects *effects_of = (Effects *)room;
    room += h->groups * (int64_t)(sizeof(Effects) / 8);
    const Factors f = factors_in(I, room);
    room += factors_size(I);
    Fixed fixed = {.beta = room, .d_beta = room + h->coefficients};
    double *parameters = room + 2 * h->coefficients, *pace = parameters + h->parameters;
    double *d_own = pace + h->parameters, *map_room = d_own + h->parameters;
    room = map_room + map_size(f.widest);

    double total = all_scales(I, x, f, grad), shift = 0.0;
    int64_t k = h->intercept + h->coefficients;
    for (int64_t g = 0; g < h->groups; g++) {
        Effects *e = effects_of + g;
        room = lay_effects(I, f, g, k, e, room);
        if (groups_of(I)[g].same) continue;
        total += effects(e->map, x + e->first, e->w, e->u, map_room);
        shift += absorbed(I, g, e);
        k += sizes_of(I, groups_of(I) + g).size;
    }
    total += fixed_prior(I, x, shift, &fixed, grad);
    total += own_parameters(I, x + k, parameters, pace, d_own, grad + k);

    raise_effects(I, &fixed, effects_of);
    const Law law = law_of(h, parameters);
    total += all_rows(I, &law, d_own, &fixed, effects_of, room);
    raise_effects_gradient(I, &fixed, effects_of);
    own_parameters_gradient(I, pace, d_own, grad + k);
    if (h->intercept) grad[0] += ((const Prior *)(I + h->at_intercept_prior))->b * fixed.d_start;
    const Prior *slopes = (const Prior *)(I + h->at_beta_prior);
    for (int64_t j = 0; j < h->coefficients; j++) grad[h->intercept + j] += slopes[j].b * fixed.d_beta[j];
    const double *chain = f.chains;
    for (int64_t g = 0; g < h->groups; g++) {
        const Group *group = groups_of(I) + g;
        const Effects *e = effects_of + g;
        if (group->same) continue;
        effects_gradient(e->map, x + e->first, e->w, e->d_u, grad + e->first, e->dA, map_room);
        if (group->at_field) total += field_prior(I, group, chain, e->w, grad + e->first, grad + e->first - 1);
        if (is_absorbed(I, group)) absorbed_gradient(e, fixed.d_shift, grad + e->first);
        chain += chain_size(I, group);
    }
    all_scales_gradient(I, f, grad);
    return total;
}
