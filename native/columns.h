/* The columns of predictors. One that has one value in each level of a group moves the level's
 * effect: v[g] b + u[g] is one number for all rows of level g, and the derivative in b is the sum of
 * v[g] times that in u[g]. Rows read the others, which multiply a coefficient or, of a smooth, an effect. */

/* A group's effects while its rows are read. */
typedef struct {
    Map map;
    int64_t predictor;
    int64_t first; /* the coordinate of its first effect */
    const int64_t *index, *starts; /* starts is NULL where rows are not sorted by level */
    const double *Z;               /* NULL for a column of ones */
    double *w, *u, *d_u, *L, *sd, *dA, *dL;
} Effects;

/* What the rows' predictor is made of besides the groups. */
typedef struct {
    double start, d_start, d_shift, *beta, *d_beta;
} Fixed;

static const Column *columns_of(const int64_t *I) { return (const Column *)(I + ((const Program *)I)->at_fixed); }

static int by_row(const Column *column) { return column->group < 0 || column->level >= 0; }

/* What a column that rows read multiplies, and where its derivative goes in a group's effects. */
static int64_t effect_at(const Column *column, const Effects *effects) { return column->level * effects[column->group].map.q + column->term; }
static double slope_of(const Column *column, double coefficient, const Effects *effects) {
    return column->level < 0 ? coefficient : effects[column->group].u[effect_at(column, effects)];
}

/* Add level columns to the effects that rows read. */
static void raise_effects(const int64_t *I, const Fixed *fixed, const Effects *effects) {
    const Program *h = (const Program *)I;
    for (int64_t j = 0; j < h->coefficients; j++) {
        const Column *column = columns_of(I) + j;
        if (by_row(column)) continue;
        const Map map = effects[column->group].map;
        const double *values = numbers(I, column->at_values), factor = fixed->beta[j];
        double *u = effects[column->group].u + column->term;
        for (int64_t l = 0; l < map.levels; l++) u[l * map.q] += values[l] * factor;
    }
}

/* Take their derivatives from those in the effects. */
static void raise_effects_gradient(const int64_t *I, Fixed *fixed, const Effects *effects) {
    const Program *h = (const Program *)I;
    for (int64_t j = 0; j < h->coefficients; j++) {
        const Column *column = columns_of(I) + j;
        if (by_row(column)) continue;
        const Map map = effects[column->group].map;
        const double *values = numbers(I, column->at_values), *d_u = effects[column->group].d_u + column->term;
        for (int64_t l = 0; l < map.levels; l++) fixed->d_beta[j] += values[l] * d_u[l * map.q];
    }
}
