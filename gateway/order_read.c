/* order_read.c - what clients write of pictures that they want: see order.h. */
#include <inttypes.h>
#include <string.h>

#include "gateway/order.h"
#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"

enum {
    WIDTH = 768, /* what the demo's page presets */
    HEIGHT = 512,
    TIMEOUT_MAX_S = 7 * 86400, /* as long as the topic keeps jobs */
};

/* An integer within its limits; stays what it is where it is not given. */
static int read_int(const json_t *body, const char *name, int64_t min, int64_t max,
                    int64_t *ret, struct err *err)
{
    int64_t value = *ret;

    if (json_opt_int(body, name, &value, err) < 0)
        return err_wrap(err, "send a whole number from %" PRId64 " to %" PRId64, min, max);
    if (value < min || value > max)
        return err_set(err, ERR_INVALID, "%s is %" PRId64 ": it takes %" PRId64 " to %" PRId64,
                       name, value, min, max);
    *ret = value;
    return 0;
}

static int read_side(const json_t *body, const char *name, uint32_t *ret, struct err *err)
{
    int64_t value = *ret;

    if (json_opt_int(body, name, &value, err) < 0)
        return err_wrap(err, "send a multiple of 8 from %d to %d", GENERATION_SIDE_MIN,
                        GENERATION_SIDE_MAX);
    if (value < GENERATION_SIDE_MIN || value > GENERATION_SIDE_MAX || value % 8)
        return err_set(err, ERR_INVALID,
                       "%s is %" PRId64 ": it takes a multiple of 8 from %d to %d", name, value,
                       GENERATION_SIDE_MIN, GENERATION_SIDE_MAX);
    *ret = (uint32_t)value;
    return 0;
}

static int read_prompts(struct generation_request *request, const json_t *body,
                        const char *prompt_name, struct err *err)
{
    request->negative_prompt = "";
    if (json_get_str(body, prompt_name, &request->prompt, err) < 0 ||
        json_opt_str(body, "negative_prompt", &request->negative_prompt, err) < 0)
        return err_wrap(err, "send 1 to %d bytes of text", GENERATION_PROMPT_MAX);
    if (request->prompt[strspn(request->prompt, " \t\r\n")] == '\0')
        return err_set(err, ERR_INVALID, "%s is empty: say what the picture shows",
                       prompt_name);
    if (strlen(request->prompt) > GENERATION_PROMPT_MAX)
        return err_set(err, ERR_INVALID, "%s has %zu bytes: it takes at most %d", prompt_name,
                       strlen(request->prompt), GENERATION_PROMPT_MAX);
    if (strlen(request->negative_prompt) > GENERATION_PROMPT_MAX)
        return err_set(err, ERR_INVALID, "negative_prompt has %zu bytes: it takes at most %d",
                       strlen(request->negative_prompt), GENERATION_PROMPT_MAX);
    return 0;
}

static int read_guidance(struct generation_request *request, const json_t *body,
                         struct err *err)
{
    double value = ORDER_GUIDANCE;

    if (json_opt_number(body, "guidance", &value, err) < 0)
        return err_wrap(err, "send a number from 0 to %d", GENERATION_GUIDANCE_MAX);
    if (!(value >= 0 && value <= GENERATION_GUIDANCE_MAX))
        return err_set(err, ERR_INVALID, "guidance is %g: it takes 0 to %d", value,
                       GENERATION_GUIDANCE_MAX);
    request->guidance = value;
    request->model_guidance =
        json_is_null(json_object_get(body, "guidance")) || !json_object_get(body, "guidance");
    return 0;
}

static int read_scheduler(struct generation_request *request, const json_t *body,
                          struct err *err)
{
    const char *name = generation_scheduler_names[GENERATION_AUTO];
    char known[160] = "";

    if (json_opt_str(body, "scheduler", &name, err) < 0)
        return err->code;
    for (int i = 0; generation_scheduler_names[i]; i++) {
        size_t used = strlen(known);

        if (strcmp(name, generation_scheduler_names[i]) == 0) {
            request->scheduler = (enum generation_scheduler)i;
            return 0;
        }
        (void)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                       generation_scheduler_names[i]);
    }
    return err_set(err, ERR_INVALID, "scheduler '%.30s' is not known: it takes %s", name,
                   known);
}

/* Where nobody says one, one that can be typed in again. */
static int read_seed(struct generation_request *request, const json_t *body, struct err *err)
{
    uint32_t random;

    random_bytes(&random, sizeof random);
    request->seed = random;
    return read_int(body, "seed", 0, INT64_C(9007199254740991) - GENERATION_OUTPUTS_MAX,
                    &request->seed, err);
}

static int read_deadline(struct generation_request *request, const json_t *body,
                         struct err *err)
{
    const char *deadline = NULL;
    int64_t timeout = 0;

    if (json_opt_str(body, "deadline", &deadline, err) < 0 ||
        (json_object_get(body, "timeout") &&
         read_int(body, "timeout", 1, TIMEOUT_MAX_S, &timeout, err) < 0))
        return err->code;
    if (deadline && timeout)
        return err_set(err, ERR_INVALID, "send either deadline or timeout, not both");
    if (deadline && clock_parse_rfc3339(deadline, &request->deadline_ms, err) < 0)
        return err_wrap(err, "deadline");
    if (deadline && request->deadline_ms <= clock_wall_ms())
        return err_set(err, ERR_INVALID, "deadline is over already");
    if (timeout)
        request->deadline_ms = clock_wall_ms() + timeout * 1000;
    return 0;
}

static int read_place(struct order *order, const json_t *body, struct err *err)
{
    if (json_opt_str(body, "emotion", &order->emotion, err) < 0 ||
        json_opt_str(body, "favorite", &order->favorite, err) < 0)
        return err->code;
    if (order->favorite && !*order->favorite)
        order->favorite = NULL;
    if (order->emotion && !*order->emotion)
        order->emotion = NULL;
    if (order->emotion && !emotion_is_known(order->emotion, strlen(order->emotion)))
        return err_set(err, ERR_INVALID,
                       "emotion is '%.30s': it takes happy, surprised, calm, angry, fear, "
                       "confused, disgusted or sad",
                       order->emotion);
    if (order->favorite && !order->emotion)
        return err_set(err, ERR_INVALID, "favorite needs an emotion beside it");
    return 0;
}

int order_read(struct order *order, const struct settings *settings, const json_t *body,
               const char *prompt_name, struct err *err)
{
    struct generation_request *request = &order->request;
    int64_t steps = settings->generation_steps, count = 1;
    uint32_t width = WIDTH, height = HEIGHT;

    request->priority = GENERATION_INTERACTIVE;
    if (read_prompts(request, body, prompt_name, err) < 0 ||
        read_side(body, "width", &width, err) < 0 ||
        read_side(body, "height", &height, err) < 0 ||
        read_int(body, "steps", 0, GENERATION_STEPS_MAX, &steps, err) < 0 ||
        read_guidance(request, body, err) < 0 || read_seed(request, body, err) < 0 ||
        read_scheduler(request, body, err) < 0 ||
        read_int(body, "count", 1, GENERATION_OUTPUTS_MAX, &count, err) < 0 ||
        json_opt_bool(body, "fresh", &request->fresh, err) < 0 ||
        json_opt_bool(body, "preview", &request->preview, err) < 0 ||
        read_deadline(request, body, err) < 0 || read_place(order, body, err) < 0)
        return err->code;
    request->steps = (uint32_t)steps;
    request->output_count = (size_t)count;
    order->outputs[0].width = width;
    order->outputs[0].height = height;
    return 0;
}
