/* All that is compiled for one instruction set. */
#include "native.h"
#define ENTRY(result, name, parameters, arguments) result NAME(name) parameters;
#include "entries.h"
#undef ENTRY
#include "vmath.h"
#include "scatter.h"
#include "ancestry.h"
#include "sparse_inverse.h"
#include "dosage.h"
#include "saddle.h"
#include "reml.h"
