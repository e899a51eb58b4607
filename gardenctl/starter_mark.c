/* starter_mark.c - see starter_mark.h. */
#include "gardenctl/starter_mark.h"

#include "proto/codec.h"
#include "proto/key.h"

#define MARK_KEY KEY_STATE_PREFIX "starter.json"

static const char *const stage_names[] = {"import", "pool", "done", NULL};

#define FIELD(member_, name_, type_) CODEC_FIELD(struct starter_mark, member_, name_, type_)

static const struct codec_field fields[] = {
    {FIELD(stage, "stage", CODEC_CHOICE), .required = true, .names = stage_names},
    {FIELD(since_ms, "since", CODEC_INT), CODEC_TIME},
    {FIELD(jobs, "jobs", CODEC_UINT32), .max = 1000},
};

static const struct codec codec =
    CODEC_TABLE("how far the first run is", struct starter_mark, fields, NULL);

int starter_mark_read(struct store *store, struct starter_mark *ret_mark, bool *ret_found,
                      struct err *err)
{
    OWNED_VALUE(buf) text = {0}, storage = {0};
    struct err why = {0};

    *ret_found = store_get(store, MARK_KEY, &text, NULL, &why) == 0;
    if (!*ret_found)
        return why.code == ERR_NOT_FOUND ? 0 : err_set(err, why.code, "%s", why.text);
    if (codec_decode(&codec, text.data, text.size, ret_mark, &storage, err) < 0)
        return err_wrap(err, "the object " MARK_KEY " (without it, a garden with pictures "
                             "counts as started)");
    return 0;
}

int starter_mark_write(struct store *store, const struct starter_mark *mark, struct err *err)
{
    const struct store_meta meta = {.content_type = "application/json"};
    OWNED_VALUE(buf) text = {0};

    if (codec_encode(&codec, &text, mark, err) < 0)
        return err->code;
    return store_put(store, MARK_KEY, text.data, text.size, &meta, NULL, err);
}

static int note_object(void *ctx, const char *key, const struct store_info *info,
                       struct err *err)
{
    bool *empty = ctx;

    (void)key;
    (void)info;
    (void)err;
    *empty = false;
    return 0;
}

int starter_store_is_empty(struct store *store, bool *ret_empty, struct err *err)
{
    static const char *const prefixes[] = {KEY_GARDEN_PREFIX, KEY_POOL_PREFIX,
                                           KEY_TRASH_PREFIX};

    *ret_empty = true;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes && *ret_empty; i++)
        if (store_list(store, prefixes[i], NULL, 1, note_object, ret_empty, err) < 0)
            return err_wrap(err, "looking whether there are pictures");
    return 0;
}
