/* secret.c - see secret.h.
 *
 * A mapping of its own for each piece: flags of pages (locked, not dumped, wiped on fork) never
 * meet memory that something else lies in, and giving it back gives the pages back. */
#include "lib/base/secret.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SCRUB_BYTES = 262144 };

/* Counted for the process as a whole, because libraries take secret memory for their callers,
 * and whether all of it is locked is asked by neither. */
static atomic_size_t misses;

size_t secret_misses(void)
{
    return atomic_load(&misses);
}

/* bytes in whole pages; 0 where that is more than there can be. */
static size_t whole_pages(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (bytes > PTRDIFF_MAX - page)
        return 0;
    return bytes == 0 ? page : (bytes + page - 1) / page * page;
}

void *secret_alloc(size_t bytes, bool *ret_locked)
{
    size_t size = whole_pages(bytes);
    void *memory;
    bool locked;

    if (size == 0)
        return NULL;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    if (madvise(memory, size, MADV_DONTDUMP) != 0 ||
        madvise(memory, size, MADV_WIPEONFORK) != 0) {
        (void)munmap(memory, size);
        return NULL;
    }
    locked = mlock2(memory, size, MLOCK_ONFAULT) == 0; /* pages come as they are written */
    if (!locked)
        (void)atomic_fetch_add(&misses, 1);
    if (ret_locked)
        *ret_locked = locked;
    return memory;
}

void secret_free(void *memory, size_t bytes)
{
    size_t size = whole_pages(bytes);

    if (!memory)
        return;
    secret_wipe(memory, size);
    (void)munmap(memory, size); /* unlocks, too */
}

void secret_wipe(void *memory, size_t bytes)
{
    if (memory)
        explicit_bzero(memory, bytes);
}

/* The registers that functions need not keep for their callers: all vector registers. */
#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void clear_upper_registers(void)
{
    __asm__ volatile(".irp n,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
                     "vpxord %%zmm\\n, %%zmm\\n, %%zmm\\n\n\t"
                     ".endr" ::
                         : "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22",
                           "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29",
                           "xmm30", "xmm31");
}

static void clear_registers(void)
{
    if (__builtin_cpu_supports("avx512f"))
        clear_upper_registers();
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroall" ::
                             : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                               "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                               "xmm15");
    else
        __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
                         "pxor %%xmm\\n, %%xmm\\n\n\t"
                         ".endr" ::
                             : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                               "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                               "xmm15");
}
#elif defined(__aarch64__)
static void clear_registers(void)
{
    __asm__ volatile(
        ".irp n,0,1,2,3,4,5,6,7,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
        "movi v\\n\\().16b, #0\n\t"
        ".endr" ::
            : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20",
              "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}
#else
static void clear_registers(void)
{
}
#endif

void secret_copy(void *to, const void *from, size_t bytes)
{
    if (bytes)
        memcpy(to, from, bytes);
    clear_registers(); /* before any other function is called */
}

__attribute__((noinline)) void secret_scrub(void)
{
    char stack[SCRUB_BYTES];

    clear_registers();
    explicit_bzero(stack, sizeof stack);
}

void secret_process(void)
{
    struct rlimit none = {0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
