/* nn.c - see nn.h. */
#include "lib/nn/nn.h"

#include <string.h>
#include <sys/mman.h>

#include "lib/nn/nn_internal.h"

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

void *nn_alloc(size_t bytes)
{
    void *memory = NULL;

    if (posix_memalign(&memory, bytes < HUGE_PAGE ? ALIGNMENT : HUGE_PAGE, bytes ? bytes : 1))
        return NULL;
    /* Whole huge pages only: they come at once where small ones would come by the thousand, and
     * no memory is taken that was not asked for. Where it is refused, nothing is lost. */
    if (bytes >= HUGE_PAGE)
        (void)madvise(memory, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    return memory;
}

enum tensor_type nn_fastest_type(void)
{
    return kernels_have_bf16() ? TENSOR_BF16 : TENSOR_F32;
}

static void *plain_alloc(void *ctx, size_t bytes)
{
    (void)ctx;
    return nn_alloc(bytes);
}

static void plain_free(void *ctx, void *memory, size_t bytes)
{
    (void)ctx;
    (void)bytes;
    free(memory);
}

struct nn *nn_new(enum tensor_type type, int threads, struct err *err)
{
    const struct nn_conf conf = {.type = type, .threads = threads};

    return nn_new_with(&conf, err);
}

struct nn *nn_new_with(const struct nn_conf *conf, struct err *err)
{
    struct nn *nn = calloc(1, sizeof *nn);

    if (!nn) {
        (void)err_set_nomem(err, "the nets' context");
        return NULL;
    }
    nn->type = conf->type;
    nn->threads = conf->threads > 0 ? conf->threads : parallel_available();
    nn->memory = conf->scratch;
    if (!nn->memory.alloc)
        nn->memory = (struct nn_memory){plain_alloc, plain_free, NULL};
    nn->kernels = kernels_best();
    nn->onednn = onednn_new(err);
    if (nn->onednn)
        return nn;
    nn_free(nn);
    return NULL;
}

static void free_scratch(struct nn *nn)
{
    if (nn->scratch)
        nn->memory.free(nn->memory.ctx, nn->scratch, nn->scratch_size);
}

void nn_free(struct nn *nn)
{
    if (!nn)
        return;
    onednn_free(nn->onednn);
    nn_unpacked_free(nn);
    free_scratch(nn);
    free(nn);
}

void nn_wipe(struct nn *nn)
{
    if (nn->scratch)
        explicit_bzero(nn->scratch, nn->scratch_size);
    parallel_rest();
}

int nn_threads(const struct nn *nn)
{
    return nn->threads;
}

enum tensor_type nn_type(const struct nn *nn)
{
    return nn->type;
}

size_t nn_scratch_bytes(const struct nn *nn)
{
    return nn->scratch_size;
}

int nn_reserve(struct nn *nn, size_t bytes, struct err *err)
{
    char *bigger;

    if (bytes <= nn->scratch_size)
        return 0;
    bigger = nn->memory.alloc(nn->memory.ctx, bytes);
    if (!bigger)
        return err_set_nomem(err, "scratch memory");
    free_scratch(nn);
    nn->scratch = bigger;
    nn->scratch_size = bytes;
    return 0;
}

float *nn_unpacked(struct nn *nn, size_t count, struct err *err)
{
    if (count <= nn->unpacked_size)
        return nn->unpacked;
    nn_unpacked_free(nn);
    nn->unpacked = nn_alloc(count * sizeof *nn->unpacked);
    if (nn->unpacked)
        nn->unpacked_size = count;
    else
        (void)err_set_nomem(err, "a layer's weights");
    return nn->unpacked;
}

void nn_unpacked_free(struct nn *nn)
{
    free(nn->unpacked);
    nn->unpacked = NULL;
    nn->unpacked_size = 0;
}
