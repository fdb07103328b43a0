/* One operation on many rows; an operand that is one number for all of them is read once. */
#define SLOW1 OP1
#define SLOW2 OP2
#define OP1(name, value) OP_##name,
#define OP2(name, value) OP_##name,
#define OP3(name, value) OP_##name,
enum {
#include "interpret_ops.h"
    OPERATIONS
};
#undef OP1
#undef OP2
#undef OP3
#define OP1(name, value) 1,
#define OP2(name, value) 2,
#define OP3(name, value) 3,
static const int8_t ARITY[OPERATIONS] = {
#include "interpret_ops.h"
};
#undef OP1
#undef OP2
#undef OP3

typedef struct {
    const double *at;
    int64_t one; /* whether it is one number for all rows */
} Operand;
/* Each operation is a function of its own: compilers leave the loops of one huge function scalar. */
#define ROWS(vector, x_is, y_is, z_is, value)  \
    do {                                       \
        vector                                 \
        for (int64_t j = 0; j < n; j++) {      \
            const double x = x_is;             \
            const double y = y_is;             \
            const double z = z_is;             \
            (void)y, (void)z;                  \
            out[j] = value;                    \
        }                                      \
    } while (0)
#define FUNCTION(name) \
    static __attribute__((noinline)) void apply_##name(int64_t n, Operand a, Operand b, Operand c, double *out)
#define BEGIN                                                      \
    const double *p = a.at, *q = b.at, *r = c.at;                  \
    const double x0 = p[0], y0 = q[0], z0 = r[0];                  \
    (void)p, (void)q, (void)r, (void)x0, (void)y0, (void)z0;
#define UNARY(name, vector, value) FUNCTION(name) { BEGIN ROWS(vector, p[j], 0.0, 0.0, value); }
#define BINARY(name, vector, value)                                \
    FUNCTION(name) {                                               \
        BEGIN                                                      \
        if (a.one) ROWS(vector, x0, q[j], 0.0, value);             \
        else if (b.one) ROWS(vector, p[j], y0, 0.0, value);        \
        else ROWS(vector, p[j], q[j], 0.0, value);                 \
    }
#undef SLOW1
#undef SLOW2
#define OP1(name, value) UNARY(name, SIMD, value)
#define OP2(name, value) BINARY(name, SIMD, value)
#define SLOW1(name, value) UNARY(name, , value)
#define SLOW2(name, value) BINARY(name, , value)
#define OP3(name, value)                                           \
    FUNCTION(name) {                                               \
        BEGIN                                                      \
        if (a.one) ROWS(SIMD, x0, q[b.one ? 0 : j], r[c.one ? 0 : j], value); \
        else if (b.one && c.one) ROWS(SIMD, p[j], y0, z0, value);        \
        else if (b.one) ROWS(SIMD, p[j], y0, r[j], value);               \
        else if (c.one) ROWS(SIMD, p[j], q[j], z0, value);               \
        else ROWS(SIMD, p[j], q[j], r[j], value);                        \
    }
#include "interpret_ops.h"
#undef ROWS
#undef FUNCTION
#undef BEGIN
#undef UNARY
#undef BINARY
#undef OP1
#undef OP2
#undef OP3
#undef SLOW1
#undef SLOW2
#define SLOW1 OP1
#define SLOW2 OP2
#define OP1(name, value) apply_##name,
#define OP2(name, value) apply_##name,
#define OP3(name, value) apply_##name,
/* Rows of out; where all operands are one number for all rows, n is one and out has its own place. */
static void (*const APPLY[OPERATIONS])(int64_t, Operand, Operand, Operand, double *) = {
#include "interpret_ops.h"
};
#undef OP1
#undef OP2
#undef OP3
#undef SLOW1
#undef SLOW2
INLINE void apply(int64_t op, int64_t n, Operand a, Operand b, Operand c, double *out) { APPLY[op](n, a, b, c, out); }

/* An operation by its code on arrays; 1 where there is none of that code. Operands that it does not
 * take may be any arrays. */
int64_t NAME(elementwise)(int64_t op, int64_t n, const double *a, const double *b, const double *c, double *out) {
    if (op < 0 || op >= OPERATIONS) return 1;
    if (n > 0) apply(op, n, (Operand){a, 0}, (Operand){b, 0}, (Operand){c, 0}, out);
    return 0;
}
