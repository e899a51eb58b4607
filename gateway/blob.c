/* blob.c - see blob.h. */
#include "gateway/blob.h"

#include <stdlib.h>
#include <string.h>

struct blob *blob_new(size_t size)
{
    struct blob *blob;

    if (size > SIZE_MAX - sizeof *blob)
        return NULL;
    blob = malloc(sizeof *blob + size);
    if (!blob)
        return NULL;
    memset(blob, 0, sizeof *blob);
    atomic_init(&blob->refs, 1);
    blob->size = size;
    return blob;
}

struct blob *blob_ref(struct blob *blob)
{
    atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
    return blob;
}

void blob_free(struct blob *blob)
{
    if (blob && atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_acq_rel) == 1)
        free(blob);
}

void blob_release(void *blob)
{
    blob_free(blob);
}
