/* generation_event.c - see generation_event.h. */
#include "proto/generation_event.h"

#include "proto/codec.h"
#include "proto/generation_request.h"

const char *const generation_event_names[] = {
    "accepted", "started", "step", "image", "done", "failed", "cancelled", NULL,
};

#define FIELD(member_, name_, type_) CODEC_FIELD(struct generation_event, member_, name_, type_)

static const struct codec_field fields[] = {
    {FIELD(job_id, "job_id", CODEC_STR), CODEC_ID(128)},
    {FIELD(type, "type", CODEC_CHOICE), .required = true, .names = generation_event_names},
    {FIELD(timestamp_ms, "timestamp", CODEC_INT), CODEC_TIME},
    {FIELD(outputs, "outputs", CODEC_UINT32), .max = GENERATION_OUTPUTS_MAX},
    {FIELD(attempt, "attempt", CODEC_UINT32), .max = GENERATION_ATTEMPTS_MAX},
    {FIELD(output, "output", CODEC_UINT32), .max = GENERATION_OUTPUTS_MAX - 1},
    {FIELD(step, "step", CODEC_UINT32), .max = GENERATION_STEPS_MAX},
    {FIELD(steps, "steps", CODEC_UINT32), .max = GENERATION_STEPS_MAX},
    {FIELD(guidance, "guidance", CODEC_NUMBER), .max = GENERATION_GUIDANCE_MAX},
    {FIELD(preview, "preview", CODEC_STR), .max = GENERATION_PREVIEW_MAX},
    {FIELD(note, "note", CODEC_STR), .max = CODEC_REASON_MAX},
    {FIELD(recipe, "recipe", CODEC_STR), .check = codec_check_sha256},
    {FIELD(seed, "seed", CODEC_INT), .max = CODEC_EXACT_MAX},
    {FIELD(stored, "stored", CODEC_BOOL)},
    {FIELD(key, "key", CODEC_STR), .check = codec_check_key},
    {FIELD(width, "width", CODEC_UINT32), .max = GENERATION_SIDE_MAX},
    {FIELD(height, "height", CODEC_UINT32), .max = GENERATION_SIDE_MAX},
    {FIELD(drawn_width, "drawn_width", CODEC_UINT32), .max = GENERATION_SIDE_MAX},
    {FIELD(drawn_height, "drawn_height", CODEC_UINT32), .max = GENERATION_SIDE_MAX},
    {FIELD(sha256, "sha256", CODEC_STR), .check = codec_check_sha256},
    {FIELD(elapsed_ms, "elapsed_ms", CODEC_UINT64), .max = CODEC_EXACT_MAX},
    {FIELD(reason, "reason", CODEC_STR), .max = CODEC_REASON_MAX},
};

static int check_image(const struct generation_event *event, struct err *err)
{
    if (codec_need(event->key, "key", "image", err) < 0 ||
        codec_need(event->sha256, "sha256", "image", err) < 0)
        return err->code;
    if (event->width == 0 || event->height == 0)
        return err_set(err, ERR_INVALID,
                       "width or height is missing, which type 'image' needs");
    return 0;
}

static int check(const void *checked, struct err *err)
{
    const struct generation_event *event = checked;

    if (event->type == GENERATION_STEP && (event->step < 1 || event->step > event->steps))
        return err_set(err, ERR_INVALID, "step is %u of %u: type 'step' needs 1 to steps",
                       event->step, event->steps);
    if (event->type == GENERATION_IMAGE)
        return check_image(event, err);
    if (event->type == GENERATION_FAILED)
        return codec_need(event->reason, "reason", "failed", err);
    return 0;
}

static const struct codec codec =
    CODEC_TABLE("a generation event", struct generation_event, fields, check);

int generation_event_encode(struct buf *out, const struct generation_event *event,
                            struct err *err)
{
    return codec_encode(&codec, out, event, err);
}

int generation_event_decode(const void *bytes, size_t size, struct generation_event *ret_event,
                            struct buf *storage, struct err *err)
{
    return codec_decode(&codec, bytes, size, ret_event, storage, err);
}
