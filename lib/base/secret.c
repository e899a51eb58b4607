/* secret.c - see secret.h.
 *
 * A mapping of its own for each piece: flags of pages (locked, not dumped, wiped on fork) never
 * meet memory that something else lies in, and giving it back gives the pages back. */
#include "lib/base/secret.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

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

void secret_process(void)
{
    struct rlimit none = {0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
