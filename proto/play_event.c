/* play_event.c - see play_event.h. */
#include "proto/play_event.h"

#include <string.h>

#include "proto/codec.h"
#include "proto/display_event.h"

int play_screen_check(const char *screen, struct err *err)
{
    const size_t size =
        strspn(screen, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    if (screen[size] != '\0' || size == 0 || size > PLAY_SCREEN_MAX)
        return err_set(err, ERR_INVALID,
                       "'%.70s' is no screen's name: 1 to %d letters, digits, '.', '_' or '-'",
                       screen, PLAY_SCREEN_MAX);
    return 0;
}

static const struct codec_field play_fields[] = {
    {CODEC_FIELD(struct play, key, "key", CODEC_STR), .required = true,
     .check = codec_check_key},
    {CODEC_FIELD(struct play, sha256, "sha256", CODEC_STR), .required = true,
     .check = codec_check_sha256},
    {CODEC_FIELD(struct play, from_ms, "from", CODEC_INT), CODEC_TIME},
    {CODEC_FIELD(struct play, to_ms, "to", CODEC_INT), CODEC_TIME},
};

static int check_play(const void *checked, struct err *err)
{
    const struct play *play = checked;

    return play->from_ms <= play->to_ms ? 0 : err_set(err, ERR_INVALID, "from is after to");
}

static const struct codec play = CODEC_TABLE("a play", struct play, play_fields, check_play);

#define FIELD(member_, name_, type_) CODEC_FIELD(struct play_event, member_, name_, type_)

static const struct codec_field fields[] = {
    {FIELD(zone, "zone", CODEC_STR), .required = true, .check = display_zone_check},
    {FIELD(screen, "screen", CODEC_STR), .required = true, .check = play_screen_check},
    {FIELD(slot, "slot", CODEC_INT), .required = true, .min = 1, .max = DISPLAY_PLACES},
    {FIELD(orientation, "orientation", CODEC_ORIENTATION), .required = true},
    {FIELD(timestamp_ms, "timestamp", CODEC_INT), CODEC_TIME},
    {FIELD(clock_off_ms, "clock_off", CODEC_INT), .min = -CODEC_TIME_MAX,
     .max = CODEC_TIME_MAX},
    {FIELD(plays, "plays", CODEC_LIST), .required = true, .element = &play,
     .count_offset = offsetof(struct play_event, play_count), .min = 1, .max = PLAYS_MAX},
};

static const struct codec codec = CODEC_TABLE("a play event", struct play_event, fields, NULL);

int play_event_encode(struct buf *out, const struct play_event *event, struct err *err)
{
    return codec_encode(&codec, out, event, err);
}

int play_event_decode(const void *bytes, size_t size, struct play_event *ret_event,
                      struct buf *storage, struct err *err)
{
    return codec_decode(&codec, bytes, size, ret_event, storage, err);
}
