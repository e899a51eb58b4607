/* recipe.c - what a recipe is: its canonical form, its id and where its picture is; see
 * recipe.h. The parameters are recipe_text.c's. */
#include "proto/recipe.h"

#include <stdio.h>

#include "lib/crypto/crypto.h"
#include "lib/json/json_write.h"
#include "proto/codec.h"

static void put_number(struct buf *out, const char *name, double number)
{
    json_write_name(out, name);
    json_write_number(out, number);
}

bool recipe_is_resampled(const struct recipe *recipe)
{
    return recipe->drawn_width > 0;
}

void recipe_canonical(const struct recipe *recipe, struct buf *out)
{
    OWNED_VALUE(buf) line = {0};

    json_write_open(&line, '{');
    json_put_str(&line, "model", recipe->model_id);
    json_put_str(&line, "prompt", recipe->prompt);
    json_put_str(&line, "negative", recipe->negative);
    json_put_int(&line, "width", recipe->width);
    json_put_int(&line, "height", recipe->height);
    if (recipe_is_resampled(recipe)) {
        json_put_int(&line, "drawn_width", recipe->drawn_width);
        json_put_int(&line, "drawn_height", recipe->drawn_height);
    }
    json_put_int(&line, "steps", recipe->steps);
    put_number(&line, "guidance", recipe->guidance);
    json_put_int(&line, "seed", recipe->seed);
    json_put_str(&line, "scheduler", generation_scheduler_names[recipe->scheduler]);
    json_write_close(&line, '}');
    buf_append(out, buf_text(&line), line.size);
    if (!buf_ok(&line))
        out->failed = true;
}

int recipe_id(const struct recipe *recipe, char ret_id[RECIPE_ID], struct err *err)
{
    OWNED_VALUE(buf) line = {0};

    recipe_canonical(recipe, &line);
    if (!buf_ok(&line))
        return err_set_nomem(err, "a recipe");
    sha256_hex(line.data, line.size, ret_id);
    return 0;
}

void recipe_place_key(const char *id, char ret_key[KEY_BYTES])
{
    (void)snprintf(ret_key, KEY_BYTES, RECIPE_PREFIX "%s.json", id);
}

#define FIELD(member_, type_) CODEC_FIELD(struct recipe_place, member_, #member_, type_)

static const struct codec_field fields[] = {
    {FIELD(key, CODEC_STR), .required = true, .check = codec_check_key},
    {FIELD(sha256, CODEC_STR), .required = true, .check = codec_check_sha256},
    {FIELD(width, CODEC_UINT32), .required = true, .min = 1, .max = GENERATION_SIDE_MAX},
    {FIELD(height, CODEC_UINT32), .required = true, .min = 1, .max = GENERATION_SIDE_MAX},
};

static const struct codec codec =
    CODEC_TABLE("a recipe's place", struct recipe_place, fields, NULL);

int recipe_place_encode(struct buf *out, const struct recipe_place *place, struct err *err)
{
    return codec_encode(&codec, out, place, err);
}

int recipe_place_decode(const void *bytes, size_t size, struct recipe_place *ret_place,
                        struct buf *storage, struct err *err)
{
    return codec_decode(&codec, bytes, size, ret_place, storage, err);
}
