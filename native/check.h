/* Whether a program can be run: every table inside its buffer, every place inside its table.
 * It is asked once when a program is written, so that nothing is asked while it is sampled. */
enum { SOUND, BAD_HEADER, BAD_FAMILY, BAD_ROWS, BAD_GROUP, BAD_DIMENSION, BAD_PLAN, BAD_FACTOR, BAD_SEGMENT, BAD_TAPE };

/* A product of sizes, or -1 where it cannot be one. */
static int64_t product(int64_t a, int64_t b) {
    const int64_t most = (int64_t)1 << 48;
    return a < 0 || b < 0 || a > most || b > most || (b && a > most / b) ? -1 : a * b;
}

typedef struct {
    int64_t length;
    const int64_t *I;
} Buffer;

/* Whether a table of that many words lies inside the buffer. */
static int inside(Buffer b, int64_t at, int64_t words) { return at >= 0 && words >= 0 && words <= b.length && at <= b.length - words; }

static int records(Buffer b, int64_t at, int64_t count, size_t width) { return inside(b, at, product(count, (int64_t)width / 8)); }

/* Whether a table lies inside the buffer and its numbers in [low, high). */
static int within_range(Buffer b, int64_t at, int64_t count, int64_t low, int64_t high) {
    if (!inside(b, at, count)) return 0;
    int good = 1;
    for (int64_t k = 0; k < count; k++) good &= b.I[at + k] >= low && b.I[at + k] < high;
    return good;
}

static int sound_family(const Program *h) {
    const int64_t plain = h->family % INFLATED, zeros = h->family - plain, link = h->link;
    const int mean = link == IDENTITY || link == LOG || link == SQRT || link == INVERSE;
    if (h->predictors < 1 || h->predictors > MOST_PREDICTORS) return 0;
    if (h->predictors > 1 && (h->family != INTERPRETED || h->mode == COLLAPSED)) return 0;
    if (h->family == CUMULATIVE) return h->parameters >= 2 && h->columns == 3 && link >= LOGIT && link <= CLOGLOG && !h->at_tape;
    if (h->parameters < 0 || h->parameters > MOST_OWN || h->columns < 0) return 0;
    if (h->family == INTERPRETED) return h->at_tape && h->columns < MOST_COLUMNS && !h->at_weights;
    if (h->at_tape) return 0;
    if (h->family >= PRINTED) {
        const int64_t printed = h->family - PRINTED;
        if (printed >= FAMILIES || link < 0 || link >= LINKS) return 0;
        const Needs needs = NEEDS[printed];
        return h->parameters == needs.own && h->columns == needs.known && needs.known <= MOST_KNOWN && (needs.links >> link & 1);
    }
    if (h->columns || h->at_weights) return 0;
    if (h->family < 0 || plain > NEGATIVE_BINOMIAL_1 || (zeros != 0 && zeros != INFLATED && zeros != HURDLE)) return 0;
    if (plain == GAUSSIAN) return mean && zeros == 0 && h->parameters == 1;
    if (plain == STUDENT_T) return mean && zeros == 0 && h->parameters == 2;
    if (plain == BERNOULLI) return link == LOGIT && zeros == 0 && h->parameters == 0;
    return mean && h->parameters >= (zeros ? 1 : 0) && h->parameters <= (zeros ? 2 : 1);
}

/* A density that is interpreted: of the family's parameters and the predictors, with their slopes. */
static int sound_tape(Buffer b) {
    const Program *h = (const Program *)b.I;
    if (!records(b, h->at_tape, 1, sizeof(Tape))) return 0;
    const Tape *t = (const Tape *)(b.I + h->at_tape);
    if (t->numbers != h->parameters || t->columns != h->columns + h->predictors || t->outputs != h->predictors + 1 + h->parameters) return 0;
    if (!inside(b, t->at_constants, t->constants) || !records(b, t->at_records, t->records, sizeof(Record))) return 0;
    if (!records(b, t->at_outputs, t->outputs, sizeof(Output))) return 0;
    const Output *outputs = (const Output *)(b.I + t->at_outputs);
    for (int64_t k = 0; k < t->outputs; k++)
        if (outputs[k].summed != (k >= h->predictors)) return 0;
    return !program_fault((const Sizes *)t, (const Record *)(b.I + t->at_records), outputs);
}

static int sound_starts(Buffer b, const Group *g, int64_t rows) {
    if (!within_range(b, g->at_starts, g->levels + 1, 0, rows + 1)) return 0;
    const int64_t *starts = b.I + g->at_starts, *index = b.I + g->at_index;
    int good = 1;
    for (int64_t i = 0; i < rows; i++) good &= starts[index[i]] <= i && i < starts[index[i] + 1] && (i == 0 || index[i - 1] <= index[i]);
    return good;
}

/* A precision's entries: its diagonal in order, then some below it; of a chain each child's, in order. */
static int sound_field(Buffer b, const Group *g) {
    if (!records(b, g->at_field, 1, sizeof(Field))) return 0;
    const Field *field = (const Field *)(b.I + g->at_field);
    const int64_t n = g->levels, all = field->entries, chain = is_chain(b.I, g);
    if (n < 0 || all < n || field->law < CONSTANT_LAW || field->law > SQUARED_LAW || g->at_weight) return 0;
    if (field->law > MIX_LAW && n < 3) return 0;
    if (field->absorbed && (g->terms != 1 || !((const Program *)b.I)->intercept || g->predictor)) return 0;
    if (!within_range(b, field->at_rows, all, 0, n) || !within_range(b, field->at_columns, all, 0, n)) return 0;
    if (!inside(b, field->at_values, chain ? 0 : all) || !inside(b, field->at_first, chain ? n : 0)) return 0;
    if (!inside(b, field->at_second, chain ? n : 0) || !records(b, field->at_prior, has_parameter(b.I, g), sizeof(Prior))) return 0;
    const int64_t *row = b.I + field->at_rows, *column = b.I + field->at_columns;
    int good = !has_parameter(b.I, g) || ((const Prior *)(b.I + field->at_prior))->kind != HELD_PRIOR;
    for (int64_t k = 0; k < all; k++) {
        good &= k < n ? row[k] == k && column[k] == k : column[k] < row[k];
        if (chain && k > n) good &= row[k - 1] < row[k];
    }
    return good;
}

static int sound_group(Buffer b, const Group *g, int64_t rows) {
    const int64_t q = g->terms, all = product(g->levels, q), squares = product(all, q);
    if (g->predictor < 0 || g->predictor >= ((const Program *)b.I)->predictors) return 0;
    if (q < 1 || squares < 0 || !records(b, g->at_sd_prior, q, sizeof(Prior)) || !records(b, g->at_blocks, g->blocks, sizeof(Block))) return 0;
    const Block *blocks = (const Block *)(b.I + g->at_blocks);
    int64_t terms = 0;
    for (int64_t k = 0; k < g->blocks; k++) {
        if (blocks[k].width < 1 || blocks[k].width > q) return 0;
        terms += blocks[k].width;
    }
    if (terms != q || !within_range(b, g->at_index, g->at_index ? rows : 0, 0, g->levels)) return 0;
    if (!g->at_index && (g->at_Z || g->at_starts || q != 1)) return 0;
    if (g->at_field && !sound_field(b, g)) return 0;
    if (g->at_Z ? !inside(b, g->at_Z, product(q, rows)) : q != 1) return 0;
    if (!inside(b, g->at_weight, g->at_weight ? squares : 0) || !inside(b, g->at_pull, g->at_weight ? all : 0)) return 0;
    return !g->at_starts || sound_starts(b, g, rows);
}

/* A map's field and its independent rest come together, one term each. */
static int sound_rest(Buffer b, int64_t g) {
    const Program *h = (const Program *)b.I;
    const Group *own = groups_of(b.I) + g;
    if (own->rest && (g == 0 || own->at_field || own->terms != 1 || own->at_weight || !records(b, own[-1].at_field, 1, sizeof(Field)) || !is_mixed(b.I, own - 1))) return 0;
    return !is_mixed(b.I, own) || (own->terms == 1 && g + 1 < h->groups && own[1].rest);
}

/* A group that reads another's effects: one before it, of its own, as large, and with rows to read them in. */
static int sound_same(Buffer b, int64_t g) {
    const Group *group = groups_of(b.I) + g, *own = groups_of(b.I) + group->same - 1;
    if (!group->same) return 1;
    if (group->same < 1 || group->same > g || group->at_field || group->at_weight || group->rest || !group->at_index) return 0;
    return !own->same && own->levels == group->levels && own->terms == group->terms;
}

/* A parameter that climbs stands on one before it, and is a real number. */
static int sound_climbs(Buffer b) {
    const Program *h = (const Program *)b.I;
    if (!h->at_climbs) return 1;
    if (!within_range(b, h->at_climbs, h->parameters, 0, 2) || (h->parameters && b.I[h->at_climbs])) return 0;
    const Prior *prior = (const Prior *)(b.I + h->at_parameter_prior);
    int good = 1;
    for (int64_t j = 0; j < h->parameters; j++)
        good &= !b.I[h->at_climbs + j] || (prior[j].kind >= NORMAL_PRIOR && prior[j].kind <= LOGISTIC_PRIOR);
    return good;
}

static int sound_columns(Buffer b) {
    const Program *h = (const Program *)b.I;
    if (h->coefficients < 0 || h->slopes < h->coefficients || !records(b, h->at_fixed, h->slopes, sizeof(Column))) return 0;
    for (int64_t j = 0; j < h->slopes; j++) {
        const Column *c = columns_of(b.I) + j;
        if (c->group < -1 || c->group >= h->groups || c->predictor < 0 || c->predictor >= h->predictors) return 0;
        const Group *home = c->group < 0 ? NULL : groups_of(b.I) + c->group;
        if (home && (c->term < 0 || c->term >= home->terms || c->predictor != home->predictor)) return 0;
        if (c->level < -1 || (c->level >= 0) != (j >= h->coefficients) || (home ? c->level >= home->levels : c->level >= 0)) return 0;
        if (!inside(b, c->at_values, by_row(c) ? h->rows : home->levels)) return 0;
    }
    return 1;
}

/* The factor's pattern, and the products that its elimination takes. */
static int sound_factor(Buffer b, const Plan *plan) {
    const int64_t tail = plan->tail;
    if (tail < 0 || tail > plan->scalars || !inside(b, plan->at_edges, tail + 1)) return 0;
    const int64_t *edges = b.I + plan->at_edges, dense = product(plan->scalars - tail, plan->scalars - tail);
    int64_t products = 0;
    if (dense < 0 || edges[0] != tail) return 0;
    for (int64_t j = 0; j < tail; j++) {
        if (edges[j + 1] < edges[j] || edges[j + 1] > b.length + tail) return 0;
        const int64_t count = edges[j + 1] - edges[j];
        products += count * (count + 1) / 2;
    }
    if (plan->size != edges[tail] + dense || !within_range(b, plan->at_rows, edges[tail] - tail, 0, plan->scalars)) return 0;
    if (plan->targets != (plan->segments ? products : 0)) return 0;
    return within_range(b, plan->at_targets, plan->targets, 0, plan->size);
}

/* When effects are eliminated, their prior precision, and where the entries of fields go. */
static int sound_prior(Buffer b, const Plan *plan) {
    const int64_t groups = ((const Program *)b.I)->groups, n = plan->scalars;
    if (!within_range(b, plan->at_perm, n, 0, n) || !inside(b, plan->at_unit, n) || !inside(b, plan->at_fields, groups)) return 0;
    for (int64_t g = 0; g < groups; g++) {
        const Group *group = groups_of(b.I) + g;
        const int64_t count = group->at_field ? product(field_of(b.I, group)->entries, group->terms) : 0;
        if (!within_range(b, b.I[plan->at_fields + g], count, 0, plan->size)) return 0;
    }
    return 1;
}

static int sound_segment(Buffer b, const Segment *s) {
    const Program *h = (const Program *)b.I;
    const Plan *plan = plan_of(b.I);
    if (s->left < -1 || s->left >= h->groups || s->right < -1 || s->right >= h->groups || (s->left < 0 && s->right >= 0)) return 0;
    if (s->left >= 0 && groups_of(b.I)[s->left].terms != s->rows_left) return 0;
    if (s->right >= 0 && groups_of(b.I)[s->right].terms != s->rows_right) return 0;
    const int64_t pulls = product(s->pairs, s->rows_left), size = product(pulls, s->rows_right);
    if (size < 0 || !inside(b, s->at_products, size) || !within_range(b, s->at_places, size, -1, plan->size)) return 0;
    return !s->at_c || (inside(b, s->at_c, pulls) && s->offset >= 0 && pulls <= plan->scalars && s->offset <= plan->scalars - pulls);
}

static int64_t sound_plan(Buffer b) {
    const Program *h = (const Program *)b.I;
    if (!records(b, h->at_plan, 1, sizeof(Plan))) return BAD_PLAN;
    const Plan *plan = plan_of(b.I);
    const int64_t n = plan->scalars, theta = plan->theta, frozen = h->mode == FROZEN;
    if (n < 0 || theta < 0 || n > h->dim || theta != h->dim - n || plan->segments < 0) return BAD_PLAN;
    if (!within_range(b, plan->at_theta, theta, 0, h->dim) || !within_range(b, plan->at_order, n, 0, h->dim)) return BAD_PLAN;
    const int64_t squares = product(theta, theta + 1);
    if (squares < 0 || !inside(b, plan->at_centre, theta) || !inside(b, plan->at_factor, squares / 2)) return BAD_PLAN;
    if (plan->sigma < -1 || plan->sigma >= h->dim || (h->mode == COLLAPSED && (plan->sigma < 0 || h->parameters != 1))) return BAD_PLAN;
    if (!sound_factor(b, plan)) return BAD_FACTOR;
    const int64_t taylor = h->mode == TAYLOR, sets = taylor ? product(theta + 1, theta + 2) / 2 : frozen;
    if (!inside(b, plan->at_values, product(sets, plan->size)) || !inside(b, plan->at_middle, product(sets, n))) return BAD_FACTOR;
    if (!frozen && !taylor && plan->segments == 0) return BAD_SEGMENT;
    if (!frozen && !taylor && !sound_prior(b, plan)) return BAD_FACTOR;
    if (!records(b, plan->at_segments, plan->segments, sizeof(Segment))) return BAD_SEGMENT;
    for (int64_t k = 0; k < plan->segments; k++)
        if (!sound_segment(b, segments_of(b.I) + k)) return BAD_SEGMENT;
    return SOUND;
}

/* 0 where a program of that many words can be run, else the number of what is wrong. */
int64_t NAME(check_program)(int64_t length, const int64_t *program) {
    const Buffer b = {length, program};
    const Program *h = (const Program *)program;
    if (!records(b, 0, 1, sizeof(Program)) || h->length != length) return BAD_HEADER;
    if (h->intercept < 0 || h->intercept > 1 || h->mode < PLAIN || h->mode > TAYLOR) return BAD_HEADER;
    if (!sound_family(h)) return BAD_FAMILY;
    const int64_t n = h->rows;
    if (!inside(b, h->at_offset, product(h->predictors, n)) || !inside(b, h->at_y, h->family < PRINTED ? n : 0) || !inside(b, h->at_counts, h->family == GAUSSIAN ? n : 0)) return BAD_ROWS;
    if (!inside(b, h->at_known, product(n, h->columns)) || !inside(b, h->at_weights, h->at_weights ? n : 0)) return BAD_ROWS;
    if (!inside(b, h->at_distinct, h->distinct) || !inside(b, h->at_times, h->distinct)) return BAD_ROWS;
    if (h->at_tape && !sound_tape(b)) return BAD_TAPE;
    if (!records(b, h->at_intercept_prior, h->intercept, sizeof(Prior)) || !records(b, h->at_beta_prior, h->coefficients, sizeof(Prior)) ||
        !records(b, h->at_parameter_prior, h->parameters, sizeof(Prior)))
        return BAD_HEADER;
    if (!sound_climbs(b)) return BAD_HEADER;
    if (!records(b, h->at_groups, h->groups, sizeof(Group))) return BAD_GROUP;
    int64_t dim = h->intercept + h->coefficients;
    for (int64_t j = 0; j < h->parameters; j++) dim += ((const Prior *)(program + h->at_parameter_prior))[j].kind != HELD_PRIOR;
    for (int64_t g = 0; g < h->groups; g++) {
        if (!sound_group(b, groups_of(program) + g, n) || !sound_rest(b, g) || !sound_same(b, g)) return BAD_GROUP;
        dim += sizes_of(program, groups_of(program) + g).size;
    }
    if (!sound_columns(b)) return BAD_ROWS;
    if (dim != h->dim) return BAD_DIMENSION;
    return h->mode == PLAIN ? SOUND : sound_plan(b);
}
