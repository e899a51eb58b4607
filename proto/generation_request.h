/* generation_request.h - garden.generation.requests: pictures to be drawn, keyed by dedupe id.
 *
 * {"job_id":"5e1f...","dedupe_id":"imgPool/happy/img_20260504-090807_3","priority":"bulk",
 *  "timestamp":1777885687123,"prompt":"a calm lake, flowers","steps":50,"guidance":7.5,
 *  "seed":42,"scheduler":"ddim","outputs":[
 *   {"key":"imgPool/happy/img_20260504-090807_3h.jpeg","width":1280,"height":800},
 *   {"key":"imgPool/happy/img_20260504-090807_3v.jpeg","width":800,"height":1280}]}
 *
 * A job says all that decides its pictures, the seed and where they go included: done twice, it
 * draws the same pictures under the same keys. Output i starts from seed + i. */
#ifndef PROTO_GENERATION_REQUEST_H
#define PROTO_GENERATION_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum {
    GENERATION_OUTPUTS_MAX = 16,
    GENERATION_SIDE_MIN = 64, /* pixels; both sides are multiples of 8 */
    GENERATION_SIDE_MAX = 2048,
    GENERATION_STEPS_MAX = 150,
    GENERATION_GUIDANCE_MAX = 30,
    GENERATION_PROMPT_MAX = 4096, /* bytes */
};

enum generation_priority { GENERATION_INTERACTIVE, GENERATION_BULK };

enum generation_scheduler {
    GENERATION_AUTO, /* the one that the model comes with */
    GENERATION_DDIM,
    GENERATION_PNDM,
    GENERATION_EULER,
    GENERATION_EULER_A,
    GENERATION_DPMPP_2M,
    GENERATION_DPMPP_2M_KARRAS,
};

extern const char *const generation_scheduler_names[]; /* ends with NULL */

struct generation_output {
    const char *key;
    uint32_t width, height;
};

struct generation_request {
    const char *job_id;
    const char *dedupe_id; /* two jobs with the same one are the same job */
    enum generation_priority priority;
    int64_t timestamp_ms; /* since the epoch */
    const char *prompt;
    const char *negative_prompt; /* or "" */
    uint32_t steps;              /* 1..150; 0: as many as the model needs */
    double guidance;             /* 0..30 */
    bool model_guidance;         /* the asker named none: the model's own, where it has one */
    int64_t seed;                /* 0..2^53-1, which every reader of JSON can hold */
    enum generation_scheduler scheduler;
    int64_t deadline_ms; /* since the epoch: not drawn after that; 0: whenever */
    bool fresh;          /* drawn even where this recipe's picture is in the store already */
    bool preview;        /* step events carry previews */
    const struct generation_output *outputs; /* 1..16 */
    size_t output_count;
};

/* What decode fills points into storage, which is emptied first and which the caller ends with
 * buf_done after use. Both: ERR_INVALID names the member that is missing or wrong. */
int generation_request_encode(struct buf *out, const struct generation_request *request,
                              struct err *err);
int generation_request_decode(const void *bytes, size_t size,
                              struct generation_request *ret_request, struct buf *storage,
                              struct err *err);

#endif
