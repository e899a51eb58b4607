/* safetensors.h - weights in a file, read by mmap: nothing is loaded before it is used.
 *
 * https://huggingface.co/docs/safetensors: 8 bytes with the size of a JSON header, the header
 * {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {...}}, the data.
 *
 * Nothing in the file is believed: opening checks that the header is whole, that every size
 * follows from dtype and shape, and that what is named lies inside the file without overlap. A
 * file that shrinks after it was opened ends the process (SIGBUS), as with any mmap. */
#ifndef LIB_NN_SAFETENSORS_H
#define LIB_NN_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/nn/tensor.h"

enum { SAFETENSORS_RANK = 8 };

struct safetensor {
    const char *name; /* all borrowed from the file */
    enum tensor_type type;
    int rank; /* 0: one number */
    int64_t shape[SAFETENSORS_RANK];
    size_t count;     /* of elements */
    const void *data; /* little-endian; aligned to the element's size or not at all */
    size_t size;      /* bytes */
};

struct safetensors;

/* ERR_INVALID says what is wrong with the file, and where. Tensors of another type than F32,
 * F16 and BF16 (position ids are I64) are left out, and not found then. */
struct safetensors *safetensors_open(const char *path, struct err *err);
void safetensors_free(struct safetensors *file);
DEFINE_OWNED(safetensors)

/* NULL where there is none of that name. Borrowed. */
const struct safetensor *safetensors_find(const struct safetensors *file, const char *name);

size_t safetensors_count(const struct safetensors *file);
const struct safetensor *safetensors_at(const struct safetensors *file, size_t index);

/* The header's bytes, for a fingerprint of the model. */
const void *safetensors_header(const struct safetensors *file, size_t *ret_size);

/* Bytes of the whole file. */
size_t safetensors_size(const struct safetensors *file);

/* The tensor's pages are not needed for now: they go back to the page cache. */
void safetensors_release(const struct safetensor *tensor);

/* Element i as a float. */
float safetensor_at(const struct safetensor *tensor, size_t i);

/* Elements from .. from + count - 1 as floats. */
void safetensor_read(const struct safetensor *tensor, size_t from, size_t count, float *out);

#endif
