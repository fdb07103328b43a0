/* A tape as a program of records, run over blocks of rows.
 *
 * Slots hold numbers, in this order: constants, numbers given for all rows, temporary numbers, columns
 * of rows, temporary rows. A record is five integers: operation, slot of the result, three operands. REPEAT
 * runs the records after it: its result is the step, from 0; its operands are how often and how many.
 * UNLESS passes over records where a number is zero: its operands are the number's slot and how many.
 * Records whose result is one number for all rows run once for a call, unless they stand in a loop. */
enum { STRIP = 256, REPEAT = OPERATIONS, UNLESS, DEEPEST = 8, MOST_SLOTS = 8192, MOST_RECORDS = 200000 };
static const int64_t MOST_STEPS = 50000000;
enum { SIZES_ARE_WRONG = 1, NO_SUCH_OPERATION, NO_SUCH_SLOT, NOT_YET_KNOWN, NO_PLACE_FOR_RESULTS, ONE_NUMBER_FROM_ROWS,
       LOOP_IS_WRONG, TOO_LONG, NO_MEMORY };
typedef struct {
    int64_t constants, numbers, temporaries, columns, rows, records, outputs;
} Sizes;
typedef struct {
    int64_t op, result, operand[3];
} Record;
typedef struct {
    int64_t slot, summed;
} Output;
INLINE int64_t one_for_all(const Sizes *s) { return s->constants + s->numbers + s->temporaries; }

/* Whether operands are slots with a value; those of numbers that only a loop computes have none outside. */
static int64_t operand_fault(const Sizes *s, const Record *r, const int8_t *known, int64_t slots, int inside) {
    const int64_t fixed = one_for_all(s);
    for (int k = 0; k < ARITY[r->op]; k++) {
        const int64_t slot = r->operand[k];
        if (slot < 0 || slot >= slots) return NO_SUCH_SLOT;
        if (!known[slot] || (known[slot] == 2 && !inside && r->result < fixed)) return NOT_YET_KNOWN;
        if (r->result < fixed && slot >= fixed) return ONE_NUMBER_FROM_ROWS;
    }
    return 0;
}
/* Results go to temporary slots; a number is written in one place alone. */
static int64_t result_fault(const Sizes *s, const Record *r, const int8_t *known, int64_t slots) {
    const int64_t given = s->constants + s->numbers, fixed = one_for_all(s);
    if (r->result < given || r->result >= slots) return NO_PLACE_FOR_RESULTS;
    if (r->result >= fixed && r->result < fixed + s->columns) return NO_PLACE_FOR_RESULTS;
    return r->result < fixed && known[r->result] ? NO_PLACE_FOR_RESULTS : 0;
}
/* The blocks of records around the one at hand: where they end, how often they run, and whether in a loop. */
typedef struct {
    int depth;
    int64_t end[DEEPEST + 1], turns[DEEPEST + 1];
    int in_loop[DEEPEST + 1];
} Blocks;
/* Begin the block of a loop or a choice, if it ends before the one around it. */
static int64_t block_fault(const Sizes *s, const Record *r, int64_t place, const int8_t *known, Blocks *b) {
    const int64_t length = r->operand[1], times = r->op == REPEAT ? r->operand[0] : 1, number = r->operand[0];
    if (b->depth == DEEPEST || length < 1 || length > b->end[b->depth] - place - 1) return LOOP_IS_WRONG;
    if (r->op == REPEAT && (r->result >= one_for_all(s) || times < 1 || times > MOST_STEPS)) return LOOP_IS_WRONG;
    if (r->op == UNLESS && (number < 0 || number >= one_for_all(s))) return NO_SUCH_SLOT;
    if (r->op == UNLESS && known[number] != 1) return NOT_YET_KNOWN;
    if (times > MOST_STEPS / b->turns[b->depth]) return TOO_LONG;
    b->depth++;
    b->end[b->depth] = place + 1 + length;
    b->turns[b->depth] = b->turns[b->depth - 1] * times;
    b->in_loop[b->depth] = b->in_loop[b->depth - 1] || r->op == REPEAT;
    return 0;
}
/* Go through the records in order: since every loop runs at least once, what stands before is known. What
 * a choice has passed over keeps an older number. */
static int64_t records_fault(const Sizes *s, const Record *records, int8_t *known, int64_t slots) {
    Blocks b = {0, {s->records}, {1}, {0}};
    int64_t steps = 0;
    for (int64_t i = 0; i < s->records; i++) {
        const Record *r = records + i;
        while (b.depth && i == b.end[b.depth]) b.depth--;
        if (r->op < 0 || r->op > UNLESS) return NO_SUCH_OPERATION;
        int64_t fault = r->op == UNLESS ? 0 : result_fault(s, r, known, slots);
        if (!fault && r->op < REPEAT) fault = operand_fault(s, r, known, slots, b.in_loop[b.depth]);
        if (!fault && (steps += b.turns[b.depth]) > MOST_STEPS) fault = TOO_LONG;
        if (!fault && r->op >= REPEAT) fault = block_fault(s, r, i, known, &b);
        if (fault) return fault;
        if (r->op != UNLESS) known[r->result] = b.in_loop[b.depth] ? 2 : 1;
    }
    return 0;
}
static int64_t program_fault(const Sizes *s, const Record *records, const Output *outputs) {
    const int64_t *size = &s->constants;
    int64_t slots = 0;
    for (int k = 0; k < 5; k++) {
        if (size[k] < 0 || size[k] > MOST_SLOTS) return SIZES_ARE_WRONG;
        slots += size[k];
    }
    if (slots > MOST_SLOTS || s->records < 0 || s->records > MOST_RECORDS) return SIZES_ARE_WRONG;
    if (s->outputs < 0 || s->outputs > MOST_SLOTS) return SIZES_ARE_WRONG;
    int8_t known[MOST_SLOTS] = {0};
    const int64_t fixed = one_for_all(s);
    memset(known, 1, s->constants + s->numbers);
    memset(known + fixed, 1, s->columns);
    const int64_t fault = records_fault(s, records, known, slots);
    if (fault) return fault;
    for (int64_t k = 0; k < s->outputs; k++) {
        const int64_t slot = outputs[k].slot;
        if (slot < 0 || slot >= slots) return NO_SUCH_SLOT;
        if (!known[slot] || (known[slot] == 2 && slot < fixed)) return NOT_YET_KNOWN;
    }
    return 0;
}

typedef struct {
    const Sizes *sizes;
    const Record *records;
    double *fixed;         /* constants, numbers and temporary numbers */
    const double **rows;   /* where each column or temporary stands for the block at hand */
    double *temporary;     /* STRIP numbers for each */
} Machine;
INLINE Operand operand(const Machine *m, int64_t slot) {
    const int64_t fixed = one_for_all(m->sizes);
    return slot < fixed ? (Operand){m->fixed + slot, 1} : (Operand){m->rows[slot - fixed], 0};
}
static void run_record(const Machine *m, const Record *r, int64_t n) {
    const int64_t fixed = one_for_all(m->sizes), first = fixed + m->sizes->columns;
    Operand o[3] = {{m->fixed, 1}, {m->fixed, 1}, {m->fixed, 1}};
    int all = 1;
    for (int k = 0; k < ARITY[r->op]; k++) all &= (o[k] = operand(m, r->operand[k])).one != 0;
    if (!all) {
        apply(r->op, n, o[0], o[1], o[2], m->temporary + (r->result - first) * STRIP);
        return;
    }
    double value;
    apply(r->op, 1, o[0], o[1], o[2], &value);
    if (r->result < fixed) {
        m->fixed[r->result] = value;
        return;
    }
    double *out = m->temporary + (r->result - first) * STRIP;
    for (int64_t j = 0; j < n; j++) out[j] = value;
}
/* Records from one place to another, with loops; inside says whether they stand in a loop themselves. */
static void run_records(const Machine *m, int64_t from, int64_t to, int64_t n, int inside) {
    for (int64_t i = from; i < to; i++) {
        const Record *r = m->records + i;
        if (r->op == UNLESS) {
            if (m->fixed[r->operand[0]] == 0.0) i += r->operand[1];
            continue;
        }
        if (r->op != REPEAT) {
            if (inside || r->result >= one_for_all(m->sizes)) run_record(m, r, n);
            continue;
        }
        const int64_t end = i + 1 + r->operand[1];
        for (int64_t step = 0; step < r->operand[0]; step++) {
            m->fixed[r->result] = (double)step;
            run_records(m, i + 1, end, n, 1);
        }
        i = end - 1;
    }
}
static void run_once(const Machine *m) {
    for (int64_t i = 0; i < m->sizes->records; i++) {
        const Record *r = m->records + i;
        if (r->op == REPEAT) i += r->operand[1];
        else if (r->op != UNLESS && r->result < one_for_all(m->sizes)) run_record(m, r, 1);
    }
}
static void run_strips(const Machine *m, const Output *outputs, int64_t n, const double *const *columns, double *const *out) {
    const Sizes *s = m->sizes;
    for (int64_t k = 0; k < s->rows; k++) m->rows[s->columns + k] = m->temporary + k * STRIP;
    for (int64_t k = 0; k < s->outputs; k++)
        if (outputs[k].summed) *out[k] = 0.0;
    for (int64_t at = 0; at < n; at += STRIP) {
        const int64_t size = n - at < STRIP ? n - at : STRIP;
        for (int64_t k = 0; k < s->columns; k++) m->rows[k] = columns[k] + at;
        run_records(m, 0, s->records, size, 0);
        for (int64_t k = 0; k < s->outputs; k++) {
            const Operand value = operand(m, outputs[k].slot);
            double sum = 0.0;
            if (!outputs[k].summed)
                for (int64_t j = 0; j < size; j++) out[k][at + j] = value.at[value.one ? 0 : j];
            else if (value.one) sum = *value.at * (double)size;
            else {
                SIMD_SUM(sum)
                for (int64_t j = 0; j < size; j++) sum += value.at[j];
            }
            if (outputs[k].summed) *out[k] += sum;
        }
    }
}
/* Words that a machine takes. */
static int64_t machine_size(const Sizes *s) { return one_for_all(s) + 9 + s->rows * STRIP + s->columns + s->rows + 1; }

/* Lay a machine into room and run what is one number for all rows. */
static Machine machine_in(const Sizes *s, const Record *records, const double *constants, const double *numbers, double *room) {
    double *strips = (double *)(((uintptr_t)(room + one_for_all(s) + 1) + 63) & ~(uintptr_t)63);
    const Machine m = {s, records, room, (const double **)(strips + s->rows * STRIP), strips};
    memcpy(room, constants, s->constants * sizeof *room);
    memcpy(room + s->constants, numbers, s->numbers * sizeof *room);
    run_once(&m);
    return m;
}

/* Run a program over n rows; return 0, or what is wrong with it. An output is filled by row, or with the
 * sum over rows. Weights are for the program: they are a column as others. */
int64_t NAME(interpreted)(const int64_t *sizes, const int64_t *records, const int64_t *outputs, const double *constants, int64_t n,
                          const double *numbers, const double *const *columns, double *const *out) {
    const Sizes *s = (const Sizes *)sizes;
    const int64_t fault = program_fault(s, (const Record *)records, (const Output *)outputs);
    if (fault) return fault;
    double *room = malloc(machine_size(s) * sizeof *room);
    if (!room) return NO_MEMORY;
    const Machine m = machine_in(s, (const Record *)records, constants, numbers, room);
    run_strips(&m, (const Output *)outputs, n, columns, out);
    free(room);
    return 0;
}
