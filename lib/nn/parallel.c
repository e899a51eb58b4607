/* parallel.c - see parallel.h. Without OpenMP (clang here) everything runs on one thread. */
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include "lib/nn/parallel.h"

int parallel_available(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) < 1)
        return 1;
    return CPU_COUNT(&set);
}

#ifdef __SSE__
static unsigned flush_denormals(void)
{
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x0040 };
    unsigned before = _mm_getcsr();

    _mm_setcsr(before | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    return before;
}

static void restore_denormals(unsigned before)
{
    _mm_setcsr(before);
}
#else
static unsigned flush_denormals(void)
{
    return 0;
}

static void restore_denormals(unsigned before)
{
    (void)before;
}
#endif

static void run_one_by_one(size_t count, parallel_task *run, void *ctx)
{
    unsigned before = flush_denormals();

    for (size_t i = 0; i < count; i++)
        run(ctx, i, 0);
    restore_denormals(before);
}

#ifdef _OPENMP
void parallel_use(int threads)
{
    if (omp_get_max_threads() != threads)
        omp_set_num_threads(threads);
}

int parallel_current(void)
{
    return omp_get_max_threads();
}

void parallel_for(int threads, size_t count, parallel_task *run, void *ctx)
{
    if (threads == 1 || count <= 1) {
        run_one_by_one(count, run, ctx);
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        unsigned before = flush_denormals();

#pragma omp for schedule(dynamic, 1)
        for (size_t i = 0; i < count; i++)
            run(ctx, i, omp_get_thread_num());
        restore_denormals(before);
    }
}

void parallel_rest(void)
{
    (void)omp_pause_resource_all(omp_pause_soft);
}

void parallel_share(char *const argv[])
{
    char program[PATH_MAX]; /* by its own path, which the process is named after */
    ssize_t size;

    if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY"))
        return;
    size = readlink("/proc/self/exe", program, sizeof program - 1);
    if (size <= 0 || setenv("GOMP_SPINCOUNT", "1000", 1) < 0)
        return;
    program[size] = '\0';
    (void)execv(program, argv); /* where it fails, this one is as good alone */
}
#else
void parallel_use(int threads)
{
    (void)threads;
}

void parallel_rest(void)
{
}

void parallel_share(char *const argv[])
{
    (void)argv;
}

int parallel_current(void)
{
    return 1;
}

void parallel_for(int threads, size_t count, parallel_task *run, void *ctx)
{
    (void)threads;
    run_one_by_one(count, run, ctx);
}
#endif
