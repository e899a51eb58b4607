/* item_event.c - see item_event.h. */
#include "proto/item_event.h"

#include <string.h>

#include "proto/codec.h"

#define FIELD(member_, name_, type_) CODEC_FIELD(struct item_event, member_, name_, type_)

static const struct codec_field fields[] = {
    {FIELD(item_id, "item_id", CODEC_STR), .required = true},
    {FIELD(timestamp_ms, "timestamp", CODEC_INT), CODEC_TIME},
    {FIELD(emotion, "emotion", CODEC_STR), .required = true, .check = search_key_check},
    {FIELD(orientation, "orientation", CODEC_ORIENTATION), .required = true},
    {FIELD(width, "width", CODEC_UINT32), .max = UINT32_MAX},
    {FIELD(height, "height", CODEC_UINT32), .max = UINT32_MAX},
    {FIELD(size_bytes, "size_bytes", CODEC_UINT64), .max = CODEC_EXACT_MAX},
    {FIELD(sha256, "sha256", CODEC_STR), .check = codec_check_sha256},
};

/* The key and what is said about it have to agree: two consumers must not see two items. */
static int check(const void *checked, struct err *err)
{
    const struct item_event *event = checked;
    struct key key;

    if (key_parse(event->item_id, strlen(event->item_id), &key, err) < 0)
        return err_wrap(err, "item_id");
    if (strcmp(key.search_key, event->emotion) != 0)
        return err_set(err, ERR_INVALID, "emotion is '%.60s', and item_id is of '%.60s'",
                       event->emotion, key.search_key);
    return 0;
}

static const struct codec codec =
    CODEC_TABLE("an item event", struct item_event, fields, check);

int item_event_encode(struct buf *out, const struct item_event *event, struct err *err)
{
    return codec_encode(&codec, out, event, err);
}

int item_event_decode(const void *bytes, size_t size, struct item_event *ret_event,
                      struct buf *storage, struct err *err)
{
    return codec_decode(&codec, bytes, size, ret_event, storage, err);
}
