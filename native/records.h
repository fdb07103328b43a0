/* Printed by tools/derive/records.py from bayes_glmm/engine/records.py and codes.py. */
#ifndef RECORDS_H
#define RECORDS_H
#include <stdint.h>
enum {
    PLAIN = 0, FROZEN = 1, ADAPTIVE = 2, COLLAPSED = 3, TAYLOR = 4,
};
enum {
    GAUSSIAN = 0, STUDENT_T = 1, BERNOULLI = 2, POISSON = 3, NEGATIVE_BINOMIAL = 4, NEGATIVE_BINOMIAL_1 = 5,
    INFLATED = 100, HURDLE = 200, PRINTED = 300, INTERPRETED = 400, CUMULATIVE = 500,
};
enum {
    IDENTITY = 0, LOG = 1, LOGIT = 2, PROBIT = 3, CLOGLOG = 4, SQRT = 5,
    INVERSE = 6, TAN_HALF = 7,
};
enum {
    NORMAL_PRIOR = 0, STUDENT_T_PRIOR = 1, LAPLACE_PRIOR = 2, LOGISTIC_PRIOR = 3, HALF_NORMAL_PRIOR = 4, HALF_STUDENT_T_PRIOR = 5,
    GAMMA_PRIOR = 6, INVERSE_GAMMA_PRIOR = 7, LOG_NORMAL_PRIOR = 8, SHARE_PRIOR = 9, POWER_PRIOR = 10, HELD_PRIOR = 11,
};
enum {
    CONSTANT_LAW = 0, RHO_LAW = 1, HALFLIFE_LAW = 2, SHARE_LAW = 3, MIX_LAW = 4, MATERN_LAW = 5,
    SQUARED_LAW = 6,
};
typedef struct {
    int64_t length;
    int64_t dim;
    int64_t rows;
    int64_t predictors;
    int64_t coefficients;
    int64_t slopes;
    int64_t intercept;
    int64_t groups;
    int64_t family;
    int64_t link;
    int64_t parameters;
    int64_t mode;
    int64_t columns;
    int64_t threads;
    int64_t distinct;
    int64_t at_fixed;
    int64_t at_offset;
    int64_t at_y;
    int64_t at_counts;
    int64_t at_known;
    int64_t at_weights;
    int64_t at_distinct;
    int64_t at_times;
    int64_t at_tape;
    int64_t at_intercept_prior;
    int64_t at_beta_prior;
    int64_t at_parameter_prior;
    int64_t at_climbs;
    int64_t at_groups;
    int64_t at_plan;
    double constant;
    double within;
} Program;
_Static_assert(sizeof(Program) == 8 * 32, "one word a field");
typedef struct {
    int64_t predictor;
    int64_t group;
    int64_t term;
    int64_t level;
    int64_t at_values;
} Column;
_Static_assert(sizeof(Column) == 8 * 5, "one word a field");
typedef struct {
    int64_t predictor;
    int64_t levels;
    int64_t terms;
    int64_t blocks;
    int64_t at_index;
    int64_t at_Z;
    int64_t at_sd_prior;
    int64_t at_blocks;
    int64_t at_weight;
    int64_t at_pull;
    int64_t at_starts;
    int64_t at_field;
    int64_t rest;
    int64_t same;
} Group;
_Static_assert(sizeof(Group) == 8 * 14, "one word a field");
typedef struct {
    int64_t law;
    int64_t absorbed;
    int64_t entries;
    int64_t at_rows;
    int64_t at_columns;
    int64_t at_values;
    int64_t at_first;
    int64_t at_second;
    int64_t at_prior;
} Field;
_Static_assert(sizeof(Field) == 8 * 9, "one word a field");
typedef struct {
    int64_t width;
    double eta;
} Block;
_Static_assert(sizeof(Block) == 8 * 2, "one word a field");
typedef struct {
    int64_t kind;
    double a;
    double b;
    double c;
} Prior;
_Static_assert(sizeof(Prior) == 8 * 4, "one word a field");
typedef struct {
    int64_t scalars;
    int64_t tail;
    int64_t size;
    int64_t at_edges;
    int64_t at_rows;
    int64_t at_targets;
    int64_t targets;
    int64_t at_order;
    int64_t at_segments;
    int64_t segments;
    int64_t sigma;
    int64_t at_theta;
    int64_t theta;
    int64_t at_centre;
    int64_t at_factor;
    int64_t at_values;
    int64_t at_middle;
    int64_t at_perm;
    int64_t at_unit;
    int64_t at_fields;
    double reference;
    double constant;
    double squares;
    double observations;
} Plan;
_Static_assert(sizeof(Plan) == 8 * 24, "one word a field");
typedef struct {
    int64_t left;
    int64_t right;
    int64_t pairs;
    int64_t rows_left;
    int64_t rows_right;
    int64_t at_products;
    int64_t at_places;
    int64_t offset;
    int64_t at_c;
} Segment;
_Static_assert(sizeof(Segment) == 8 * 9, "one word a field");
typedef struct {
    int64_t constants;
    int64_t numbers;
    int64_t temporaries;
    int64_t columns;
    int64_t rows;
    int64_t records;
    int64_t outputs;
    int64_t at_constants;
    int64_t at_records;
    int64_t at_outputs;
} Tape;
_Static_assert(sizeof(Tape) == 8 * 10, "one word a field");
#endif
