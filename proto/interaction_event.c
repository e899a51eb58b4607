/* interaction_event.c - see interaction_event.h. */
#include "proto/interaction_event.h"

#include "proto/codec.h"
#include "proto/key.h"
#include "proto/user_event.h"

const char *const interaction_type_names[] = {"like", "dislike", "skip", "view", NULL};

static int search_key_or_nothing(const char *text, struct err *err)
{
    return *text ? search_key_check(text, err) : 0;
}

#define FIELD(member_, name_, type_) \
    CODEC_FIELD(struct interaction_event, member_, name_, type_)

static const struct codec_field fields[] = {
    {FIELD(user_id, "user_id", CODEC_STR), CODEC_ID(USER_ID_MAX)},
    {FIELD(item_id, "item_id", CODEC_STR), .required = true, .check = codec_check_picture},
    {FIELD(type, "event_type", CODEC_CHOICE), .required = true,
     .names = interaction_type_names},
    {FIELD(impression, "impression", CODEC_STR_LIST),
     .count_offset = offsetof(struct interaction_event, impression_count),
     .max = INTERACTION_IMPRESSION_MAX, .check = codec_check_picture},
    {FIELD(timestamp_ms, "timestamp", CODEC_INT), CODEC_TIME},
    {FIELD(event_id, "event_id", CODEC_STR), CODEC_ID(128)},
    {FIELD(asked, "asked", CODEC_STR), .check = search_key_or_nothing},
    {FIELD(recommendation_id, "recommendation_id", CODEC_STR), .max = 128,
     .check = codec_check_id},
    {FIELD(propensities, "propensities", CODEC_NUMBER_LIST),
     .count_offset = offsetof(struct interaction_event, propensity_count), .max = 1},
};

static int check(const void *ctx, struct err *err)
{
    const struct interaction_event *event = ctx;

    if (event->propensity_count == 0 || event->propensity_count == event->impression_count)
        return 0;
    return err_set(err, ERR_INVALID,
                   "propensities has %zu elements, but impression has %zu: leave it out, or "
                   "name one for each",
                   event->propensity_count, event->impression_count);
}

static const struct codec codec =
    CODEC_TABLE("an interaction event", struct interaction_event, fields, check);

int interaction_event_encode(struct buf *out, const struct interaction_event *event,
                             struct err *err)
{
    return codec_encode(&codec, out, event, err);
}

int interaction_event_decode(const void *bytes, size_t size,
                             struct interaction_event *ret_event, struct buf *storage,
                             struct err *err)
{
    return codec_decode(&codec, bytes, size, ret_event, storage, err);
}
