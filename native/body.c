/* All that is compiled for one instruction set. */
#include "native.h"
#define ENTRY(result, name, parameters, arguments) result NAME(name) parameters;
#include "entries.h"
#undef ENTRY
#include "scatter.h"
#include "vmath.h"
#include "printed.h"
#include "printed_ordinal.h"
#include "interpret_apply.h"
#include "interpret.h"
