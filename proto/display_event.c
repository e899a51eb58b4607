/* display_event.c - see display_event.h. */
#include "proto/display_event.h"

#include <string.h>

#include "proto/codec.h"

int display_zone_check(const char *zone, struct err *err)
{
    size_t size =
        strspn(zone, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    if (zone[size] != '\0' || size == 0 || size > DISPLAY_ZONE_MAX || strcmp(zone, ".") == 0 ||
        strcmp(zone, "..") == 0)
        return err_set(err, ERR_INVALID,
                       "'%.70s' is no zone's name: 1 to %d letters, digits, '.', '_' or '-'",
                       zone, DISPLAY_ZONE_MAX);
    return 0;
}

static const struct codec_field picture_fields[] = {
    {CODEC_FIELD(struct display_picture, key, "key", CODEC_STR), .required = true,
     .check = codec_check_key},
    {CODEC_FIELD(struct display_picture, sha256, "sha256", CODEC_STR), .required = true,
     .check = codec_check_sha256},
};

static const struct codec picture =
    CODEC_TABLE("a display's picture", struct display_picture, picture_fields, NULL);

#define FIELD(member_, name_, type_) CODEC_FIELD(struct display_event, member_, name_, type_)
#define PICTURES(member_)                      \
    FIELD(member_, #member_, CODEC_LIST),      \
        .required = true, .element = &picture, \
        .count_offset = offsetof(struct display_event, member_##_count), .max = DISPLAY_PLACES

static const struct codec_field fields[] = {
    {FIELD(zone, "zone", CODEC_STR), .required = true, .check = display_zone_check},
    {FIELD(version, "version", CODEC_INT), .required = true, .min = 1, .max = CODEC_EXACT_MAX},
    {FIELD(effective_at_ms, "effective_at", CODEC_INT), CODEC_TIME},
    {PICTURES(landscape)},
    {PICTURES(portrait)},
};

static const struct codec codec =
    CODEC_TABLE("a display event", struct display_event, fields, NULL);

int display_event_encode(struct buf *out, const struct display_event *event, struct err *err)
{
    return codec_encode(&codec, out, event, err);
}

int display_event_decode(const void *bytes, size_t size, struct display_event *ret_event,
                         struct buf *storage, struct err *err)
{
    return codec_decode(&codec, bytes, size, ret_event, storage, err);
}
