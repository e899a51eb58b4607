/* picture.h - pictures in the store: written with their recipe inside, and found again by it.
 */
#ifndef SERVICES_GENERATOR_GPU_PICTURE_H
#define SERVICES_GENERATOR_GPU_PICTURE_H

#include "lib/crypto/crypto.h"
#include "lib/image/image.h"
#include "lib/trace/trace.h"
#include "proto/recipe.h"
#include "services/common/object_writer.h"

struct picture_conf {
    struct store *store;
    struct bus *bus;
    bool silent; /* the store publishes by itself */
    int jpeg_quality;
};

/* One picture: what decides it, and its file. */
struct picture {
    const char *key;
    struct recipe recipe;
    char id[RECIPE_ID];
    struct buf file;         /* owned; empty until it was found or drawn */
    char sha256[SHA256_HEX]; /* of the file */
};

void picture_done(struct picture *picture);

/* Fills file and sha256 from what is under the key already. Returns 1, or 0 where there is
 * nothing or a picture of another recipe. */
int picture_find(const struct picture_conf *conf, struct picture *picture, struct err *err);

/* The same from wherever this recipe's picture was put last (recipe.h: key). */
int picture_find_elsewhere(const struct picture_conf *conf, struct picture *picture,
                           struct err *err);

/* Fills file and sha256 from what was drawn. */
int picture_encode(const struct picture_conf *conf, struct picture *picture,
                   const struct image *image, struct err *err);

/* Puts the file under the key, tells garden.objects, and notes where the recipe's picture is.
 * May be repeated. */
int picture_put(const struct picture_conf *conf, const struct picture *picture,
                const struct trace *trace, struct err *err);

#endif
