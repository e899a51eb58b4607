/* user_event.c - see user_event.h. */
#include "proto/user_event.h"

#include "proto/codec.h"
#include "proto/key.h"

const char *const user_generations[] = {
    "toddler", "child", "teenager", "young-adult", "adult", "middle-age", "elder", NULL,
};

const char *const user_genders[] = {"Male", "Female", NULL};

const char *const user_sources[] = {USER_SOURCE_ANALYSIS, USER_SOURCE_VISITOR, NULL};

#define FIELD(member_, name_, type_) CODEC_FIELD(struct user_event, member_, name_, type_)

static const struct codec_field fields[] = {
    {FIELD(user_id, "user_id", CODEC_STR), CODEC_ID(USER_ID_MAX)},
    {FIELD(generation, "generation", CODEC_STR), .names = user_generations},
    {FIELD(gender, "gender", CODEC_STR), .names = user_genders},
    {FIELD(emotion, "emotion", CODEC_STR), .required = true, .names = emotion_names},
    {FIELD(source, "source", CODEC_STR), .names = user_sources},
    {FIELD(timestamp_ms, "timestamp", CODEC_INT), CODEC_TIME},
};

static const struct codec codec = CODEC_TABLE("a user event", struct user_event, fields, NULL);

int user_event_encode(struct buf *out, const struct user_event *event, struct err *err)
{
    return codec_encode(&codec, out, event, err);
}

int user_event_decode(const void *bytes, size_t size, struct user_event *ret_event,
                      struct buf *storage, struct err *err)
{
    return codec_decode(&codec, bytes, size, ret_event, storage, err);
}
