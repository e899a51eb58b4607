/* embedding.h - a row of numbers for each token. */
#ifndef LIB_NN_EMBEDDING_H
#define LIB_NN_EMBEDDING_H

#include "lib/nn/nn.h"
#include "lib/nn/safetensors.h"

struct embedding;

/* weight: [rows, c], borrowed while the layer lives, and read where it lies: only the rows that
 * are asked for. */
struct embedding *embedding_new(const char *name, const struct safetensor *weight,
                                struct err *err);
void embedding_free(struct embedding *embedding);
DEFINE_OWNED(embedding)

/* dst[n, 0, t] = tokens[ids[n * w + t]] + positions[t]. ERR_INVALID for ids and positions that
 * there are not, and for rows with NaN or infinity. */
int embedding_run(struct nn *nn, struct tensor dst, const struct embedding *const tables[2],
                  const int32_t *ids, bool plan, struct err *err);

#endif
