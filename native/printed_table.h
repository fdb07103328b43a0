/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
#include "printed_gaussian.h"
#include "printed_student_t.h"
#include "printed_bernoulli.h"
#include "printed_binomial.h"
#include "printed_poisson.h"
#include "printed_negative_binomial.h"
#include "printed_negative_binomial1.h"
#include "printed_geometric.h"
#include "printed_generalized_poisson.h"
#include "printed_beta_binomial.h"
#include "printed_zero_inflated_poisson.h"
#include "printed_zero_inflated_negative_binomial.h"
#include "printed_zero_inflated_binomial.h"
#include "printed_hurdle_poisson.h"
#include "printed_hurdle_negative_binomial.h"
#include "printed_hurdle_gamma.h"
#include "printed_hurdle_lognormal.h"
#include "printed_gamma.h"
#include "printed_lognormal.h"
#include "printed_inverse_gaussian.h"
#include "printed_weibull.h"
#include "printed_exponential.h"
#include "printed_beta.h"
#include "printed_zero_one_inflated_beta.h"
#include "printed_ordered_beta.h"
#include "printed_skew_normal.h"
#include "printed_asymmetric_laplace.h"
#include "printed_von_mises.h"
#include "printed_tweedie.h"
static double (*const FIRST[])(Rows *) = {
    gaussian_1,
    student_t_1,
    bernoulli_1,
    binomial_1,
    poisson_1,
    negative_binomial_1,
    negative_binomial1_1,
    geometric_1,
    generalized_poisson_1,
    beta_binomial_1,
    zero_inflated_poisson_1,
    zero_inflated_negative_binomial_1,
    zero_inflated_binomial_1,
    hurdle_poisson_1,
    hurdle_negative_binomial_1,
    hurdle_gamma_1,
    hurdle_lognormal_1,
    gamma_1,
    lognormal_1,
    inverse_gaussian_1,
    weibull_1,
    exponential_1,
    beta_1,
    zero_one_inflated_beta_1,
    ordered_beta_1,
    skew_normal_1,
    asymmetric_laplace_1,
    von_mises_1,
    tweedie_1,
};
static double (*const SECOND[])(Rows *) = {
    gaussian_2,
    student_t_2,
    bernoulli_2,
    binomial_2,
    poisson_2,
    negative_binomial_2,
    negative_binomial1_2,
    geometric_2,
    generalized_poisson_2,
    beta_binomial_2,
    zero_inflated_poisson_2,
    zero_inflated_negative_binomial_2,
    zero_inflated_binomial_2,
    hurdle_poisson_2,
    hurdle_negative_binomial_2,
    hurdle_gamma_2,
    hurdle_lognormal_2,
    gamma_2,
    lognormal_2,
    inverse_gaussian_2,
    weibull_2,
    exponential_2,
    beta_2,
    zero_one_inflated_beta_2,
    ordered_beta_2,
    skew_normal_2,
    asymmetric_laplace_2,
    von_mises_2,
    tweedie_2,
};
static const Needs NEEDS[] = {
    {1, 1, 67},
    {2, 1, 67},
    {0, 1, 28},
    {0, 2, 28},
    {0, 1, 35},
    {1, 1, 35},
    {1, 1, 35},
    {0, 1, 35},
    {1, 2, 35},
    {1, 2, 28},
    {1, 2, 35},
    {2, 2, 35},
    {1, 3, 28},
    {1, 1, 35},
    {2, 1, 35},
    {2, 2, 67},
    {2, 2, 2},
    {1, 1, 67},
    {1, 1, 2},
    {1, 3, 67},
    {1, 1, 67},
    {0, 1, 67},
    {1, 2, 28},
    {3, 3, 28},
    {3, 3, 4},
    {2, 1, 67},
    {2, 1, 67},
    {1, 1, 129},
    {2, 3, 35},
};
