/* Inbreeding coefficients of animals whose parents come first (Meuwissen & Luo 1992).
 *
 * An animal's coefficient is the sum over its ancestors, youngest first, of their squared shares
 * times their Mendelian variances, less one. A heap gives the next ancestor while these are few
 * among earlier animals; once they are many, visiting every earlier animal is faster. */
#define ANCESTRY_DENSE 64

/* A heap whose top is the largest. */
static void NAME(heap_add)(int64_t *heap, int64_t size, int64_t value) {
    int64_t at = size;
    for (; at > 0 && heap[(at - 1) / 2] < value; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = value;
}

static int64_t NAME(heap_take)(int64_t *heap, int64_t size) {
    const int64_t top = heap[0], last = heap[--size];
    int64_t at = 0;
    for (int64_t child = 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && heap[child + 1] > heap[child]) child++;
        if (heap[child] <= last) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return top;
}

/* parents: n x 2, -1 where unknown; first: the first animal with the same parents. share is zero
 * at the beginning and at the end. Of at most n / 64 + 1 animals taken, each adds two to the heap:
 * it has room for n / 64 + 3. */
void NAME(inbreeding)(int64_t n, const int64_t *parents, const int64_t *first, double *F, double *own, double *share,
                      int64_t *heap) {
    for (int64_t i = 0; i < n; i++) {
        const int64_t sire = parents[2 * i], dam = parents[2 * i + 1];
        own[i] = 0.5 - 0.25 * ((sire >= 0 ? F[sire] : -1.0) + (dam >= 0 ? F[dam] : -1.0));
        F[i] = 0.0;
        if (sire < 0 || dam < 0) continue;
        if (first[i] < i) {
            F[i] = F[first[i]];
            continue;
        }
        double total = -1.0;
        int64_t waiting = 1;
        heap[0] = i;
        share[i] = 1.0;
        for (int64_t left = i / ANCESTRY_DENSE + 1; waiting > 0 && left > 0; left--) {
            const int64_t j = NAME(heap_take)(heap, waiting--);
            const double half = 0.5 * share[j];
            for (int k = 0; k < 2; k++) {
                const int64_t parent = parents[2 * j + k];
                if (parent < 0) continue;
                if (share[parent] == 0.0) NAME(heap_add)(heap, waiting++, parent);
                share[parent] += half;
            }
            total += share[j] * share[j] * own[j];
            share[j] = 0.0;
        }
        for (int64_t j = waiting > 0 ? heap[0] : -1; j >= 0; j--) {
            if (share[j] == 0.0) continue;
            const double half = 0.5 * share[j];
            for (int k = 0; k < 2; k++)
                if (parents[2 * j + k] >= 0) share[parents[2 * j + k]] += half;
            total += share[j] * share[j] * own[j];
            share[j] = 0.0;
        }
        F[i] = total;
    }
}
