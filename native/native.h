/* What every part of a body begins with. A body is compiled once for each instruction set, ISA. */
#ifndef NATIVE_H
#define NATIVE_H
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifndef ISA
#define ISA base
#endif
#define JOINED_(a, b) a##_##b
#define JOINED(a, b) JOINED_(a, b)
#define NAME(f) JOINED(f, ISA)
#define TEXT_(x) #x
#define PRAGMA(x) _Pragma(TEXT_(x))
/* Sums and products in the order that suits the vector unit: fixed on one machine. */
#define SIMD PRAGMA(omp simd)
#define SIMD_SUM(...) PRAGMA(omp simd reduction(+ : __VA_ARGS__))
#define SIMD_PRODUCT(...) PRAGMA(omp simd reduction(* : __VA_ARGS__))
#define INLINE static inline __attribute__((always_inline))
#endif
