/* nn.h - what operations on the CPU have in common: type, threads, scratch memory.
 *
 * Each operation has a plan argument: with it nothing is computed (data pointers may be NULL),
 * but primitives are made and scratch memory is reserved, so that the same call for real
 * allocates nothing but, at its first time, the weights as it wants them. A call that was not
 * planned makes ready what it lacks. One thread at a time. */
#ifndef LIB_NN_NN_H
#define LIB_NN_NN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/nn/tensor.h"

struct nn;

/* Where scratch memory comes from: aligned to 64 bytes at least; NULL without memory. */
struct nn_memory {
    void *(*alloc)(void *ctx, size_t bytes);
    void (*free)(void *ctx, void *memory, size_t bytes); /* bytes as at alloc; never NULL */
    void *ctx;                                           /* borrowed while the nn lives */
};

struct nn_conf {
    enum tensor_type type;    /* TENSOR_F32 or TENSOR_BF16, of every tensor */
    int threads;              /* 0 for every core that this process may use */
    struct nn_memory scratch; /* alloc NULL: nn_alloc and free */
};

struct nn *nn_new(enum tensor_type type, int threads, struct err *err);
struct nn *nn_new_with(const struct nn_conf *conf, struct err *err);
void nn_free(struct nn *nn);
DEFINE_OWNED(nn)

/* Zeroes all that the operations keep of what they computed on: the scratch memory; and rests
 * (parallel_rest), so that no thread stays awake or keeps anything on its stack. Scratch memory
 * that is given back, because it was too small or by nn_free, is the allocator's to wipe. */
void nn_wipe(struct nn *nn);

int nn_threads(const struct nn *nn);
enum tensor_type nn_type(const struct nn *nn);

/* TENSOR_BF16 where the processor multiplies it faster than f32, else TENSOR_F32. */
enum tensor_type nn_fastest_type(void);

/* Memory for tensors and weights, aligned to 64 bytes at least; large ones in huge pages,
 * because packing gigabytes of weights otherwise spends most of its time on page faults. NULL
 * without memory. free() it. */
void *nn_alloc(size_t bytes);

/* Bytes of scratch memory that the calls so far have made it hold. */
size_t nn_scratch_bytes(const struct nn *nn);

#endif
