/* item_event.c - see item_event.h. */
#include "proto/item_event.h"

#include <string.h>

#include "proto/codec.h"

#define FIELD(member_, name_, type_) CODEC_FIELD(struct item_event, member_, name_, type_)

static const struct codec_field fields[] = {
    {FIELD(item_id, "item_id", CODEC_STR), .required = true},
    {FIELD(timestamp_ms, "timestamp", CODEC_INT), .required = true, .max = CODEC_TIME_MAX},
    {FIELD(emotion, "emotion", CODEC_STR), .required = true, .check = search_key_check},
    {FIELD(orientation, "orientation", CODEC_ORIENTATION), .required = true},
    {FIELD(width, "width", CODEC_UINT32), .max = UINT32_MAX},
    {FIELD(height, "height", CODEC_UINT32), .max = UINT32_MAX},
    {FIELD(size_bytes, "size_bytes", CODEC_UINT64), .max = INT64_MAX},
    {FIELD(sha256, "sha256", CODEC_STR), .check = codec_check_sha256},
};

static const struct codec codec = CODEC_TABLE("an item event", struct item_event, fields);

/* The key and what is said about it have to agree: two consumers must not see two items. */
static int check_key(const struct item_event *event, struct err *err)
{
    struct key key;

    if (!event->item_id || !event->emotion)
        return 0; /* the table names what is missing */
    if (key_parse(event->item_id, strlen(event->item_id), &key, err) < 0)
        return err_wrap(err, "an item event: item_id");
    if (strcmp(key.search_key, event->emotion) != 0)
        return err_set(err, ERR_INVALID,
                       "an item event: emotion is '%.60s', and item_id is of '%.60s'",
                       event->emotion, key.search_key);
    return 0;
}

int item_event_encode(struct buf *out, const struct item_event *event, struct err *err)
{
    if (check_key(event, err) < 0)
        return err->code;
    return codec_encode(&codec, out, event, err);
}

int item_event_decode(const void *bytes, size_t size, struct item_event *ret_event,
                      struct buf *storage, struct err *err)
{
    struct item_event event;

    if (codec_decode(&codec, bytes, size, &event, storage, err) < 0 ||
        check_key(&event, err) < 0)
        return err->code;
    *ret_event = event;
    return 0;
}
