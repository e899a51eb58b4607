/* nn.c - see nn.h. */
#include "lib/nn/nn.h"

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

struct nn *nn_new(enum tensor_type type, int threads, struct err *err)
{
    struct nn *nn = calloc(1, sizeof *nn);

    if (!nn) {
        (void)err_set_nomem(err, "the nets' context");
        return NULL;
    }
    nn->type = type;
    nn->threads = threads > 0 ? threads : parallel_available();
    nn->kernels = kernels_best();
    nn->onednn = onednn_new(err);
    if (nn->onednn)
        return nn;
    nn_free(nn);
    return NULL;
}

void nn_free(struct nn *nn)
{
    if (!nn)
        return;
    onednn_free(nn->onednn);
    nn_unpacked_free(nn);
    free(nn->scratch);
    free(nn);
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
    bigger = nn_alloc(bytes);
    if (!bigger)
        return err_set_nomem(err, "scratch memory");
    free(nn->scratch);
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
