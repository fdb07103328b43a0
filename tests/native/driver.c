/* Answer questions with a library: driver LIBRARY <questions >answers.
 *
 * A question is of words: 0, the dimension, the length of a program, a point, the program; or 1, a
 * code of an operation, how many numbers, three columns of them. The answer to the first is what the
 * density says, its value and its gradient; to the second, a column. Before all stands the level of
 * the body that was chosen. All are floating-point numbers. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef int64_t (*choose_t)(int64_t);
typedef int64_t (*density_t)(uint64_t, const double *, double *, double *, const int64_t *);
typedef int64_t (*elementwise_t)(int64_t, int64_t, const double *, const double *, const double *, double *);

static void *library;

static void *function(const char *name) {
    void *found = dlsym(library, name);
    if (!found) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    return found;
}

static void *words(int64_t count) {
    void *room = malloc(8 * (size_t)count + 8);
    if (!room || fread(room, 8, (size_t)count, stdin) != (size_t)count) exit(2);
    return room;
}

static void say(const double *numbers, int64_t count) { fwrite(numbers, 8, (size_t)count, stdout); }

static void density(int64_t dim, int64_t length) {
    const double *z = words(dim);
    const int64_t *program = words(length);
    double *slope = calloc((size_t)dim + 1, 8), found[2] = {0.0, 0.0};
    found[0] = (double)((density_t)function("bg_density"))((uint64_t)dim, z, slope, found + 1, program);
    say(found, 2);
    say(slope, dim);
}

static void elementwise(int64_t op, int64_t n) {
    const double *a = words(n), *b = words(n), *c = words(n);
    double *out = calloc((size_t)n + 1, 8);
    if (((elementwise_t)function("bg_elementwise"))(op, n, a, b, c, out)) exit(3);
    say(out, n);
}

int main(int count, char **given) {
    library = count == 2 ? dlopen(given[1], RTLD_NOW) : NULL;
    if (!library) {
        fprintf(stderr, "%s\n", count == 2 ? dlerror() : "driver LIBRARY");
        return 1;
    }
    const double level = (double)((choose_t)function("bg_choose"))(0);
    say(&level, 1);
    int64_t head[3];
    while (fread(head, 8, 3, stdin) == 3) (head[0] == 0 ? density : elementwise)(head[1], head[2]);
    return 0;
}
