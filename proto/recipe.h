/* recipe.h - all that decides a picture, and how it is written into the picture itself.
 *
 * A recipe has three forms:
 *
 *   canonical   one line of JSON, members in a fixed order, nothing left out. Its SHA-256 is
 *               the recipe's id: the same id is the same picture.
 *
 *     {"model":"<64 hex>","prompt":"a lake","negative":"","width":1280,"height":800,
 *      "steps":50,"guidance":7.5,"seed":42,"scheduler":"dpmpp-2m-karras"}
 *
 *               Where the model drew another size, which was then cropped around its middle
 *               to the aspect of this one and resampled, "drawn_width" and "drawn_height"
 *               follow the height.
 *
 *   parameters  the text that AUTOMATIC1111's web UI writes into its pictures, which many
 *               programs show; it goes into the JPEG's metadata (lib/image/image.h).
 *
 *     a lake
 *     Negative prompt: text, watermark
 *     Steps: 50, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 42, Size: 1280x800,
 *     Model hash: 0123456789, Model: stable-diffusion-2-1, Recipe: <64 hex>, Version: garden 1
 *     (the last two lines are one)
 *
 *     Where another size was drawn, that one is the Size, and "Postprocess upscale to:
 *     1280x800, Postprocess upscaler: Lanczos" follow it. This is what A1111 says of pictures
 *     that it resamples after they were drawn; its "Hires resize" would mean a second drawing.
 *
 *     It can be read back exactly, whatever the prompts are: where a prompt has a line that
 *     looks like the negative prompt's, "Prompt bytes: N" says where the prompt ends.
 *
 *   key         cache/recipes/<id>.json: where the picture of this recipe was stored last.
 *
 *     {"key":"imgPool/happy/a_0h.jpeg","sha256":"<64 hex>","width":1280,"height":800}
 *
 *     The object is a hint: it holds only where the key still has a picture with this
 *     SHA-256. It may be dropped at any time. */
#ifndef PROTO_RECIPE_H
#define PROTO_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "proto/generation_request.h"
#include "proto/key.h"

enum { RECIPE_ID = 65, RECIPE_MODEL_HASH = 10 };

#define RECIPE_PREFIX KEY_CACHE_PREFIX "recipes/"

struct recipe {
    const char *model_id; /* 64 hex digits; as read from parameters: the first 10 or "" */
    const char *model;    /* its name, for people; decides nothing */
    const char *prompt;
    const char *negative; /* or "" */
    double guidance;
    int64_t seed; /* of this very picture */
    uint32_t width, height;
    uint32_t drawn_width, drawn_height;  /* before it was resampled; both 0: it was not */
    uint32_t steps;                      /* the true number, never 0 */
    enum generation_scheduler scheduler; /* the true one, never GENERATION_AUTO */
};

bool recipe_is_resampled(const struct recipe *recipe);

/* Appends the canonical form. */
void recipe_canonical(const struct recipe *recipe, struct buf *out);

/* Writes the id; fails only without memory. */
int recipe_id(const struct recipe *recipe, char ret_id[RECIPE_ID], struct err *err);

/* Appends the parameters. id is the recipe's, version names what drew it ("garden 0.1.0"). */
void recipe_format(const struct recipe *recipe, const char *id, const char *version,
                   struct buf *out);

/* What else the parameters say. */
struct recipe_origin {
    char
        id[RECIPE_ID]; /* "" where the text names none, e.g. because another program wrote it */
    const char *version; /* or "" */
};

/* Reads parameters, of other programs too: what they say and we do not know is left out. What
 * is filled points into storage, which is emptied first and which the caller ends with buf_done
 * after use. ERR_INVALID names what is missing or wrong; the outputs are as they were then. */
int recipe_parse(const char *text, struct recipe *ret_recipe, struct recipe_origin *ret_origin,
                 struct buf *storage, struct err *err);

/* Where the picture of a recipe was stored last. */
struct recipe_place {
    const char *key;
    const char *sha256;
    uint32_t width, height;
};

/* "cache/recipes/<id>.json" */
void recipe_place_key(const char *id, char ret_key[KEY_BYTES]);

/* As the events' codecs. */
int recipe_place_encode(struct buf *out, const struct recipe_place *place, struct err *err);
int recipe_place_decode(const void *bytes, size_t size, struct recipe_place *ret_place,
                        struct buf *storage, struct err *err);

#endif
