/* model_advice.c - see model_advice.h. */
#include "services/generator-gpu/model_advice.h"

#include <string.h>

#include "services/generator-gpu/model_folder.h"

#define MEMBERS "sizes, steps, scheduler and guidance"

static int check_names(json_t *garden, struct err *err)
{
    static const char *const known[] = {"sizes", "steps", "scheduler", "guidance"};
    const char *name;
    json_t *value;

    json_object_foreach(garden, name, value)
    {
        bool found = false;

        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            found = found || strcmp(known[i], name) == 0;
        if (!found)
            return err_set(err, ERR_INVALID, "there is no member %.40s; it takes " MEMBERS,
                           name);
    }
    return 0;
}

static bool is_side(const json_t *side)
{
    return json_is_integer(side) && json_integer_value(side) >= GENERATION_SIDE_MIN &&
           json_integer_value(side) <= GENERATION_SIDE_MAX && json_integer_value(side) % 8 == 0;
}

static int read_size(const json_t *pair, size_t i, struct engine_size *ret, struct err *err)
{
    const json_t *width = json_array_get(pair, 0), *height = json_array_get(pair, 1);

    if (json_array_size(pair) != 2 || !is_side(width) || !is_side(height))
        return err_set(err, ERR_INVALID,
                       "sizes[%zu] is not [width, height], both multiples of 8 from %d to %d",
                       i, GENERATION_SIDE_MIN, GENERATION_SIDE_MAX);
    *ret = (struct engine_size){(uint32_t)json_integer_value(width),
                                (uint32_t)json_integer_value(height)};
    return 0;
}

static int read_sizes(const json_t *garden, struct model_advice *advice, struct err *err)
{
    const json_t *sizes = json_object_get(garden, "sizes");
    size_t count = json_array_size(sizes);

    if (!sizes)
        return 0;
    if (!json_is_array(sizes) || count < 1 || count > ENGINE_SIZES)
        return err_set(err, ERR_INVALID, "sizes is no list of 1 to %d [width, height]",
                       ENGINE_SIZES);
    for (size_t i = 0; i < count; i++)
        if (read_size(json_array_get(sizes, i), i, &advice->sizes[i], err) < 0)
            return err->code;
    advice->size_count = count;
    return 0;
}

static int read_steps(const json_t *garden, struct model_advice *advice, struct err *err)
{
    const json_t *steps = json_object_get(garden, "steps");

    if (!steps)
        return 0;
    if (!json_is_integer(steps) || json_integer_value(steps) < 1 ||
        json_integer_value(steps) > GENERATION_STEPS_MAX)
        return err_set(err, ERR_INVALID, "steps is not a whole number from 1 to %d",
                       GENERATION_STEPS_MAX);
    advice->steps = (uint32_t)json_integer_value(steps);
    return 0;
}

static int read_guidance(const json_t *garden, struct model_advice *advice, struct err *err)
{
    const json_t *guidance = json_object_get(garden, "guidance");

    if (!guidance)
        return 0;
    if (!json_is_number(guidance) || !(json_number_value(guidance) > 0) ||
        json_number_value(guidance) > GENERATION_GUIDANCE_MAX)
        return err_set(err, ERR_INVALID, "guidance is not a number over 0, up to %d",
                       GENERATION_GUIDANCE_MAX);
    advice->guidance = json_number_value(guidance);
    return 0;
}

static int read_scheduler(const json_t *garden, struct model_advice *advice, struct err *err)
{
    const char *name = NULL;

    if (!json_object_get(garden, "scheduler"))
        return 0;
    if (json_get_str(garden, "scheduler", &name, err) < 0)
        return err->code;
    for (size_t i = GENERATION_AUTO + 1; generation_scheduler_names[i]; i++)
        if (strcmp(generation_scheduler_names[i], name) == 0) {
            advice->scheduler = (enum generation_scheduler)i;
            return 0;
        }
    return err_set(err, ERR_INVALID,
                   "scheduler is %.40s, which there is not: it takes ddim, pndm, euler, "
                   "euler-a, dpmpp-2m or dpmpp-2m-karras",
                   name);
}

int model_advice_read(const char *model, struct model_advice *ret_advice, struct err *err)
{
    struct err why = {0};
    OWNED_JSON garden = model_json(model, "garden.json", &why);
    struct model_advice advice = {.scheduler = GENERATION_AUTO};

    if (!garden && why.code != ERR_NOT_FOUND)
        return err_set(err, why.code, "%s", why.text);
    if (garden &&
        (check_names(garden, err) < 0 || read_sizes(garden, &advice, err) < 0 ||
         read_steps(garden, &advice, err) < 0 || read_scheduler(garden, &advice, err) < 0 ||
         read_guidance(garden, &advice, err) < 0))
        return err_wrap(err, "%s/garden.json", model);
    *ret_advice = advice;
    return 0;
}
