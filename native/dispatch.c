/* The library's symbols; which body they call is settled when the library is loaded. */
#include <stdint.h>
#if defined(_WIN32)
#define API __declspec(dllexport)
#else
#define API __attribute__((visibility("default")))
#endif
#if (defined(__x86_64__) || defined(_M_X64)) && !defined(ONE_BODY)
#define X86 1
#endif

#define ENTRY(result, name, parameters, arguments) result name##_base parameters;
#include "entries.h"
#undef ENTRY
#ifdef X86
#define ENTRY(result, name, parameters, arguments) result name##_v3 parameters; result name##_v4 parameters;
#include "entries.h"
#undef ENTRY
#endif
#define ENTRY(result, name, parameters, arguments) static result (*chosen_##name) parameters = name##_base;
#include "entries.h"
#undef ENTRY

#ifdef X86
#include <cpuid.h>
static int bit(unsigned word, int place) { return word >> place & 1; }

/* The level of x86-64 whose every instruction this machine and its system have: 1, 3 or 4. */
static int machine_level(void) {
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 1;
    const int first = bit(c, 12) && bit(c, 22) && bit(c, 23) && bit(c, 28) && bit(c, 29); /* FMA MOVBE POPCNT AVX F16C */
    if (!first || !bit(c, 27)) return 1;                                                /* the system saves registers */
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 6) != 6 || !__get_cpuid(0x80000001, &a, &b, &c, &d) || !bit(c, 5)) return 1; /* LZCNT */
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 1;
    if (!(bit(b, 3) && bit(b, 5) && bit(b, 8))) return 1; /* BMI1 AVX2 BMI2 */
    const int wide = bit(b, 16) && bit(b, 17) && bit(b, 28) && bit(b, 30) && bit(b, 31); /* AVX-512 F DQ CD BW VL */
    return wide && (low & 0xe0) == 0xe0 ? 4 : 3;
}
#endif

/* Choose the body of a level, at most that of the machine; return its level. 0 asks for the best. */
API int64_t bg_choose(int64_t most) {
#ifdef X86
    int64_t level = machine_level();
    if (most > 0 && most < level) level = most >= 3 ? 3 : 1;
#define ENTRY(result, name, parameters, arguments) \
    chosen_##name = level == 4 ? name##_v4 : level == 3 ? name##_v3 : name##_base;
#include "entries.h"
#undef ENTRY
    return level;
#else
    (void)most;
    return 1;
#endif
}

#define ENTRY(result, name, parameters, arguments) API result bg_##name parameters { return chosen_##name arguments; }
#include "entries.h"
#undef ENTRY

API const char *bg_source(void) { return SOURCE; }
