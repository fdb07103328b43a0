/* What all rows of a model share. */
typedef struct {
    int64_t plain, zeros, link; /* plain family; 0, INFLATED or HURDLE */
    int64_t printed;            /* the number of a family whose rows are printed, else -1 */
    int64_t cuts;               /* the number of thresholds between ordered categories */
    int64_t parameters, last;   /* their number; which of them is the share of zeros */
    const Machine *tape;        /* of rows that are interpreted, else NULL; every share has its own */
    const double *given; /* the parameters themselves */
    Own own;
    double share, log_share, log_rest; /* of zeros; its logarithm and that of the rest */
    double nu, each, d_nu;             /* Student's t: freedom; what each row adds, and its derivative */
} Law;

typedef struct { double value, own[MOST_OWN]; } Sums; /* own: in the parameters, in order */

/* Add derivatives in the parameters to theirs, and return the value. */
INLINE double add_sums(Sums sums, const Law *law, double *d_own) {
    for (int64_t k = 0; k < law->parameters; k++) d_own[k] += sums.own[k];
    return sums.value;
}

static Law law_of(const Program *h, const double *parameters) {
    const int64_t n_parameters = h->parameters;
    Law law = {.printed = h->family - PRINTED, .link = h->link, .parameters = n_parameters, .given = parameters};
    law.cuts = h->family == CUMULATIVE ? n_parameters - 1 : 0;
    if (h->at_tape || law.printed >= 0) return law;
    law.printed = -1;
    law.plain = h->family % INFLATED;
    law.zeros = h->family - law.plain;
    law.last = n_parameters - 1;
    const int own = n_parameters > (law.zeros ? 1 : 0);
    law.own = own_of(law.plain, own ? parameters[0] : 1.0);
    law.share = law.zeros ? parameters[law.last] : 0.0;
    law.log_share = m_log(law.share);
    law.log_rest = m_log1p(-law.share);
    if (law.plain == STUDENT_T) {
        const double half = 0.5 * parameters[1];
        law.nu = parameters[1];
        law.each = m_log_rising(half, 0.5) - 0.5 * m_log(law.nu * M_PI) - law.own.log_own;
        law.d_nu = 0.5 * (m_digamma_rising(half, 0.5) - 1.0 / law.nu);
    }
    return law;
}
