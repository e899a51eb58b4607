/* pictures.h - which keys are pictures of the garden, and the hashes of their bytes: asked of
 * the catalogue, and of the store where that does not know. May wait for both. Thread-safe. */
#ifndef SERVICES_DISPLAY_FEED_PICTURES_H
#define SERVICES_DISPLAY_FEED_PICTURES_H

#include <stdbool.h>

#include "lib/crypto/crypto.h"
#include "lib/store/store.h"
#include "services/common/garden_conf.h"

struct pictures;

/* Borrows both. */
struct pictures *pictures_new(const struct garden_conf *conf, struct store *store,
                              struct err *err);
void pictures_free(struct pictures *pictures);
DEFINE_OWNED(pictures)

enum { PICTURES_MAX = 18 };

/* For each key its hash, or "" where it is no picture of the garden (any more). count is at
 * most PICTURES_MAX. */
int pictures_find(struct pictures *pictures, const char *const *keys, size_t count,
                  char (*ret_sha256)[SHA256_HEX], struct err *err);

#endif
