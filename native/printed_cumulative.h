/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */
#include "printed_cumulative_logit.h"
#include "printed_cumulative_probit.h"
#include "printed_cumulative_cloglog.h"
static double (*const CUT_FIRST[])(Rows *) = {cumulative_logit_1, cumulative_probit_1, cumulative_cloglog_1};
static double (*const CUT_SECOND[])(Rows *) = {cumulative_logit_2, cumulative_probit_2, cumulative_cloglog_2};
