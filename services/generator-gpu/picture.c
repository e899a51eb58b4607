/* picture.c - see picture.h. */
#include "services/generator-gpu/picture.h"

#include <string.h>

#include "lib/base/log.h"
#include "proto/version.h"
#include "services/generator-gpu/generator_conf.h"

#define SOFTWARE "My Emotion Gardens " GARDEN_VERSION
#define SOURCE_TYPE "trainedAlgorithmicMedia"

enum { PUBLISH_MS = 10000 };

void picture_done(struct picture *picture)
{
    buf_done(&picture->file);
}

/* The object's bytes, or 0 where there is none. */
static int load(struct store *store, const char *key, struct buf *bytes, struct err *err)
{
    struct err why = {0};

    buf_clear(bytes);
    if (store_get(store, key, bytes, NULL, &why) == 0)
        return 1;
    if (why.code == ERR_NOT_FOUND)
        return 0;
    return err_set(err, why.code, "%s", why.text);
}

/* Whether the file itself says that it is of this recipe. */
static bool says_recipe(const struct buf *file, const char *id)
{
    OWNED_VALUE(image_metadata_read) metadata = {0};
    OWNED_VALUE(buf) storage = {0};
    struct recipe_origin origin;
    struct recipe recipe;
    struct err err = {0};

    return image_read_metadata(file->data, file->size, &metadata, &err) == 0 &&
           metadata.parameters &&
           recipe_parse(metadata.parameters, &recipe, &origin, &storage, &err) == 0 &&
           strcmp(origin.id, id) == 0;
}

int picture_find(const struct picture_conf *conf, struct picture *picture, struct err *err)
{
    int r = load(conf->store, picture->key, &picture->file, err);

    if (r <= 0)
        return r;
    if (!says_recipe(&picture->file, picture->id)) {
        buf_clear(&picture->file);
        return 0;
    }
    sha256_hex(picture->file.data, picture->file.size, picture->sha256);
    return 1;
}

int picture_find_elsewhere(const struct picture_conf *conf, struct picture *picture,
                           struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) storage = {0};
    struct recipe_place place;
    struct err unreadable = {0};
    char key[KEY_BYTES];
    int r;

    recipe_place_key(picture->id, key);
    r = load(conf->store, key, &text, err);
    if (r <= 0)
        return r;
    if (recipe_place_decode(text.data, text.size, &place, &storage, &unreadable) < 0)
        return 0;
    r = load(conf->store, place.key, &picture->file, err);
    if (r <= 0)
        return r;
    sha256_hex(picture->file.data, picture->file.size, picture->sha256);
    if (strcmp(picture->sha256, place.sha256) == 0 && says_recipe(&picture->file, picture->id))
        return 1;
    buf_clear(&picture->file); /* the key has another picture by now */
    return 0;
}

int picture_encode(const struct picture_conf *conf, struct picture *picture,
                   const struct image *image, struct err *err)
{
    OWNED_VALUE(buf) parameters = {0};
    struct image_metadata metadata = {.source_type = SOURCE_TYPE, .software = SOFTWARE};

    recipe_format(&picture->recipe, picture->id, "garden " GARDEN_VERSION, &parameters);
    if (!buf_ok(&parameters))
        return err_set_nomem(err, "a picture's parameters");
    metadata.parameters = buf_text(&parameters);
    buf_clear(&picture->file);
    if (image_encode_jpeg(image, conf->jpeg_quality, &metadata, &picture->file, err) < 0)
        return err->code;
    sha256_hex(picture->file.data, picture->file.size, picture->sha256);
    return 0;
}

/* Only a hint: without it the picture is drawn once more some day. */
static void note_place(const struct picture_conf *conf, const struct picture *picture)
{
    const struct recipe_place place = {picture->key, picture->sha256, picture->recipe.width,
                                       picture->recipe.height};
    OWNED_VALUE(buf) text = {0};
    struct err err = {0};
    char key[KEY_BYTES];

    recipe_place_key(picture->id, key);
    if (recipe_place_encode(&text, &place, &err) < 0 ||
        store_put(conf->store, key, text.data, text.size, NULL, NULL, &err) < 0)
        log_warn("noting where recipe %.10s is: %s", picture->id, err.text);
}

int picture_put(const struct picture_conf *conf, const struct picture *picture,
                const struct trace *trace, struct err *err)
{
    const struct object_writer_conf writer = {.store = conf->store,
                                              .bus = conf->bus,
                                              .silent = conf->silent,
                                              .source = GENERATOR_SOURCE,
                                              .timeout_ms = PUBLISH_MS};
    const struct store_meta meta = {.content_type = image_content_type(IMAGE_JPEG),
                                    .sha256 = picture->sha256,
                                    .width = picture->recipe.width,
                                    .height = picture->recipe.height};
    const struct object_change_request request = {.what = OBJECT_PUT,
                                                  .key = picture->key,
                                                  .data = picture->file.data,
                                                  .size = picture->file.size,
                                                  .meta = &meta};
    struct object_change_result result;

    if (object_writer_apply(&writer, &request, 1, trace, &result, err) < 0)
        return err->code;
    if (result.code < 0)
        return err_set(err, result.code, "%s", result.reason);
    note_place(conf, picture);
    return 0;
}
