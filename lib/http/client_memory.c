/* client_memory.c - see client_memory.h. */
#include "lib/http/client_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/secret.h"

void *client_memory_alloc(size_t size)
{
    return malloc(size);
}

void *client_memory_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

char *client_memory_strdup(const char *text)
{
    return strdup(text);
}

void client_memory_free(void *memory)
{
    secret_wipe(memory, malloc_usable_size(memory));
    free(memory);
}

/* realloc(3) would leave a copy where it moved from. */
void *client_memory_realloc(void *memory, size_t size)
{
    size_t had = malloc_usable_size(memory);
    void *moved;

    if (memory && size && size <= had)
        return memory;
    moved = malloc(size ? size : 1);
    if (!moved)
        return NULL;
    if (memory)
        memcpy(moved, memory, had < size ? had : size);
    client_memory_free(memory);
    return moved;
}
