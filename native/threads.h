/* Pieces of work that one thread does, or several: who does a piece changes no number.
 *
 * Threads live as long as one call. To make one takes some 20 microseconds, where a piece takes a hundred or
 * more, and nothing is left behind over which a fork or the end of the process could trip. */
#if defined(_WIN32)
#include <windows.h>
typedef HANDLE Thread;
typedef DWORD(WINAPI *Entry)(void *);
#define ENTRY_OF(f) static DWORD WINAPI f(void *given)
static int start_thread(Thread *thread, Entry entry, void *given) { return (*thread = CreateThread(NULL, 0, entry, given, 0, NULL)) != NULL; }
static void join_thread(Thread thread) {
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}
#else
#include <pthread.h>
typedef pthread_t Thread;
typedef void *(*Entry)(void *);
#define ENTRY_OF(f) static void *f(void *given)
static int start_thread(Thread *thread, Entry entry, void *given) {
    pthread_attr_t own;
    if (pthread_attr_init(&own)) return 0;
    const int started = !pthread_attr_setstacksize(&own, 1 << 20) && !pthread_create(thread, &own, entry, given);
    pthread_attr_destroy(&own);
    return started;
}
static void join_thread(Thread thread) { pthread_join(thread, NULL); }
#endif

enum { MOST_THREADS = 16 };
typedef struct {
    void (*piece)(void *of, int64_t number);
    void *of;
    int64_t pieces, next;
} Work;

/* Take pieces until none is left. */
ENTRY_OF(work_on) {
    Work *work = given;
    for (;;) {
        const int64_t number = __atomic_fetch_add(&work->next, 1, __ATOMIC_RELAXED);
        if (number >= work->pieces) return 0;
        work->piece(work->of, number);
    }
}

/* Do all pieces, with as many threads as are wanted, or as there are. */
static void share_out(Work work, int64_t wanted) {
    Thread others[MOST_THREADS];
    const int64_t some = wanted < MOST_THREADS ? wanted : MOST_THREADS, most = some < work.pieces ? some : work.pieces;
    int64_t started = 0;
    while (started + 1 < most && start_thread(others + started, work_on, &work)) started++;
    work_on(&work);
    for (int64_t k = 0; k < started; k++) join_thread(others[k]);
}
