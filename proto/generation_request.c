/* generation_request.c - see generation_request.h. */
#include "proto/generation_request.h"

#include "proto/codec.h"

static const char *const priority_names[] = {"interactive", "bulk", NULL};
const char *const generation_scheduler_names[] = {
    "auto", "ddim", "pndm", "euler", "euler-a", "dpmpp-2m", "dpmpp-2m-karras", NULL,
};

#define SIDE(member_)                                                       \
    CODEC_FIELD(struct generation_output, member_, #member_, CODEC_UINT32), \
        .required = true, .min = GENERATION_SIDE_MIN, .max = GENERATION_SIDE_MAX

static const struct codec_field output_fields[] = {
    {CODEC_FIELD(struct generation_output, key, "key", CODEC_STR), .required = true,
     .check = codec_check_key},
    {SIDE(width)},
    {SIDE(height)},
};

static int check_output(const void *checked, struct err *err)
{
    const struct generation_output *output = checked;

    if (output->width % 8 || output->height % 8)
        return err_set(err, ERR_INVALID, "width and height have to be multiples of 8");
    return 0;
}

static const struct codec output =
    CODEC_TABLE("an output", struct generation_output, output_fields, check_output);

#define FIELD(member_, name_, type_) \
    CODEC_FIELD(struct generation_request, member_, name_, type_)

static const struct codec_field fields[] = {
    {FIELD(job_id, "job_id", CODEC_STR), CODEC_ID(128)},
    {FIELD(dedupe_id, "dedupe_id", CODEC_STR), CODEC_ID(1024)},
    {FIELD(priority, "priority", CODEC_CHOICE), .required = true, .names = priority_names},
    {FIELD(timestamp_ms, "timestamp", CODEC_INT), CODEC_TIME},
    {FIELD(prompt, "prompt", CODEC_STR), .required = true, .min = 1,
     .max = GENERATION_PROMPT_MAX},
    {FIELD(negative_prompt, "negative_prompt", CODEC_STR), .max = GENERATION_PROMPT_MAX},
    {FIELD(steps, "steps", CODEC_UINT32), .max = GENERATION_STEPS_MAX},
    {FIELD(guidance, "guidance", CODEC_NUMBER), .required = true,
     .max = GENERATION_GUIDANCE_MAX},
    {FIELD(model_guidance, "model_guidance", CODEC_BOOL)},
    {FIELD(seed, "seed", CODEC_INT), .required = true, .max = CODEC_EXACT_MAX},
    {FIELD(scheduler, "scheduler", CODEC_CHOICE), .required = true,
     .names = generation_scheduler_names},
    {FIELD(deadline_ms, "deadline", CODEC_INT), .max = CODEC_TIME_MAX},
    {FIELD(fresh, "fresh", CODEC_BOOL)},
    {FIELD(preview, "preview", CODEC_BOOL)},
    {FIELD(outputs, "outputs", CODEC_LIST), .required = true, .element = &output,
     .count_offset = offsetof(struct generation_request, output_count), .min = 1,
     .max = GENERATION_OUTPUTS_MAX},
};

static const struct codec codec =
    CODEC_TABLE("a generation request", struct generation_request, fields, NULL);

int generation_request_encode(struct buf *out, const struct generation_request *request,
                              struct err *err)
{
    return codec_encode(&codec, out, request, err);
}

int generation_request_decode(const void *bytes, size_t size,
                              struct generation_request *ret_request, struct buf *storage,
                              struct err *err)
{
    return codec_decode(&codec, bytes, size, ret_request, storage, err);
}
