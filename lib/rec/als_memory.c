/* als_memory.c - see als_memory.h. */
#include <sys/mman.h>

#include "lib/rec/als_memory.h"

enum { LINE = 64, HUGE_PAGE = 2 << 20 };

void *als_alloc(size_t count, size_t size)
{
    void *memory = NULL;
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) ||
        posix_memalign(&memory, bytes < HUGE_PAGE ? LINE : HUGE_PAGE, bytes ? bytes : 1))
        return NULL;
    /* Whole huge pages only: no more than was asked for. Where it is refused nothing is lost.
     */
    if (bytes >= HUGE_PAGE)
        (void)madvise(memory, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    return memory;
}
