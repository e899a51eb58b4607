/* recipe_text.c - a recipe as the parameters that A1111 writes; see recipe.h.
 *
 * The last line holds the settings, "Name: value" with ", " between them; a value that could be
 * taken apart wrongly is a JSON string. All before it is the prompt and, from the first line
 * that starts with the mark on, the negative prompt. */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/json/json.h"
#include "proto/recipe.h"

static const char mark[] = "\nNegative prompt: ";
enum { MARK = sizeof mark - 1 };

/* As A1111 calls them; PLMS is what PNDM is without its first Runge-Kutta steps. */
static const char *const samplers[] = {
    [GENERATION_AUTO] = "Automatic",
    [GENERATION_DDIM] = "DDIM",
    [GENERATION_PNDM] = "PLMS",
    [GENERATION_EULER] = "Euler",
    [GENERATION_EULER_A] = "Euler a",
    [GENERATION_DPMPP_2M] = "DPM++ 2M",
    [GENERATION_DPMPP_2M_KARRAS] = "DPM++ 2M Karras",
};

enum { SAMPLERS = sizeof samplers / sizeof *samplers };

/* -- writing --------------------------------------------------------------------------------
 */

/* Where the prompt ends in prompts that do not say so. */
static size_t prompt_end(const char *prompts)
{
    const char *found = strstr(prompts, mark);

    if (strncmp(prompts, mark + 1, MARK - 1) == 0)
        return 0;
    return found ? (size_t)(found - prompts) : strlen(prompts);
}

static void put_text(struct buf *out, const char *name, const char *value)
{
    OWNED_VALUE(buf) quoted = {0};

    if (strpbrk(value, ",:\"\n\r\\") || !*value || strchr(" ", *value)) {
        json_write_str(&quoted, value);
        value = buf_text(&quoted);
    }
    buf_printf(out, "%s: %s", name, value);
}

static void put_guidance(struct buf *out, double guidance)
{
    OWNED_VALUE(buf) number = {0};

    json_write_number(&number, guidance);
    buf_printf(out, ", CFG scale: %s", buf_text(&number));
}

/* As image_resize does it: the average of an area where the picture gets smaller, for which
 * Pillow's name, and so A1111's, is Box. */
static const char *resampler(const struct recipe *recipe)
{
    return recipe->width > recipe->drawn_width ? "Lanczos" : "Box";
}

static void put_sizes(struct buf *out, const struct recipe *recipe)
{
    bool resampled = recipe_is_resampled(recipe);

    buf_printf(out, ", Size: %ux%u", resampled ? recipe->drawn_width : recipe->width,
               resampled ? recipe->drawn_height : recipe->height);
    if (resampled)
        buf_printf(out, ", Postprocess upscale to: %ux%u, Postprocess upscaler: %s",
                   recipe->width, recipe->height, resampler(recipe));
}

void recipe_format(const struct recipe *recipe, const char *id, const char *version,
                   struct buf *out)
{
    OWNED_VALUE(buf) prompts = {0};

    buf_append_str(&prompts, recipe->prompt);
    if (*recipe->negative)
        buf_printf(&prompts, "%s%s", mark, recipe->negative);
    buf_printf(out, "%s\nSteps: %u, Sampler: %s", buf_text(&prompts), recipe->steps,
               samplers[recipe->scheduler]);
    put_guidance(out, recipe->guidance);
    buf_printf(out, ", Seed: %lld", (long long)recipe->seed);
    put_sizes(out, recipe);
    buf_printf(out, ", Model hash: %.*s, ", RECIPE_MODEL_HASH, recipe->model_id);
    put_text(out, "Model", recipe->model);
    if (prompt_end(buf_text(&prompts)) != strlen(recipe->prompt))
        buf_printf(out, ", Prompt bytes: %zu", strlen(recipe->prompt));
    buf_printf(out, ", Recipe: %s, ", id);
    put_text(out, "Version", version);
    if (!buf_ok(&prompts))
        out->failed = true;
}

/* -- reading --------------------------------------------------------------------------------
 */

/* The settings of the last line; what is not there is "". Point into the text. */
struct settings {
    const char *steps, *sampler, *schedule, *guidance, *seed, *size, *resized, *hash, *model,
        *bytes, *recipe, *version;
};

static const struct {
    const char *name;
    size_t offset;
} setting_names[] = {
    {"Steps", offsetof(struct settings, steps)},
    {"Sampler", offsetof(struct settings, sampler)},
    {"Schedule type", offsetof(struct settings, schedule)},
    {"CFG scale", offsetof(struct settings, guidance)},
    {"Seed", offsetof(struct settings, seed)},
    {"Size", offsetof(struct settings, size)},
    {"Postprocess upscale to", offsetof(struct settings, resized)},
    {"Model hash", offsetof(struct settings, hash)},
    {"Model", offsetof(struct settings, model)},
    {"Prompt bytes", offsetof(struct settings, bytes)},
    {"Recipe", offsetof(struct settings, recipe)},
    {"Version", offsetof(struct settings, version)},
};

enum { SETTINGS = sizeof setting_names / sizeof *setting_names };

static const char **setting(struct settings *settings, size_t i)
{
    return (const char **)(void *)((char *)settings + setting_names[i].offset);
}

/* The end of the JSON string that text starts with: just after its closing quote. */
static char *string_end(char *text)
{
    for (text++; *text && *text != '"'; text++)
        if (*text == '\\' && text[1])
            text++;
    return *text ? text + 1 : text;
}

/* Replaces the JSON string by what it stands for, which is never longer. */
static int unquote(char *text, struct err *err)
{
    OWNED_JSON string = json_parse(text, strlen(text), err);

    if (!json_is_string(string))
        return err_set(err, ERR_INVALID, "a setting of the parameters is no JSON string");
    memcpy(text, json_string_value(string), json_string_length(string) + 1);
    return 0;
}

/* Cuts the first setting off the line; returns the rest, or NULL at the end. */
static char *take_setting(char *line, struct settings *settings, struct err *err)
{
    char *value = strstr(line, ": "), *end;

    if (!value) {
        err_set(err, ERR_INVALID, "the parameters' last line is no list of settings: %.40s",
                line);
        return NULL;
    }
    *value = '\0';
    value += 2;
    end = *value == '"' ? string_end(value) : value + strcspn(value, ",");
    if (*end)
        *end++ = '\0';
    if (*value == '"' && unquote(value, err) < 0)
        return NULL;
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(setting_names[i].name, line) == 0)
            *setting(settings, i) = value;
    end += strspn(end, ", ");
    return *end ? end : NULL;
}

static int take_settings(char *line, struct settings *ret, struct err *err)
{
    for (size_t i = 0; i < SETTINGS; i++)
        *setting(ret, i) = "";
    while (line)
        line = take_setting(line, ret, err);
    return err->code;
}

static int whole(const char *name, const char *text, int64_t min, int64_t max, int64_t *ret,
                 struct err *err)
{
    if (text_parse_int(text, min, max, ret, err) < 0)
        return err_wrap(err, "%s", name);
    return 0;
}

/* width, height */
static int read_size(const char *name, const char *text, uint32_t ret[2], struct err *err)
{
    const char *cross = strchr(text, 'x');
    int64_t width = 0, height = 0;
    char first[16];

    if (!cross || (size_t)(cross - text) >= sizeof first)
        return err_set(err, ERR_INVALID, "%s is '%.20s', not as in 768x512", name, text);
    memcpy(first, text, (size_t)(cross - text));
    first[cross - text] = '\0';
    if (whole(name, first, 1, GENERATION_SIDE_MAX, &width, err) < 0 ||
        whole(name, cross + 1, 1, GENERATION_SIDE_MAX, &height, err) < 0)
        return err->code;
    ret[0] = (uint32_t)width;
    ret[1] = (uint32_t)height;
    return 0;
}

static int read_sizes(const struct settings *settings, struct recipe *recipe, struct err *err)
{
    uint32_t size[2] = {0}, resized[2] = {0};

    if (read_size("Size", settings->size, size, err) < 0 ||
        (*settings->resized &&
         read_size("Postprocess upscale to", settings->resized, resized, err) < 0))
        return err->code;
    recipe->width = resized[0] ? resized[0] : size[0];
    recipe->height = resized[0] ? resized[1] : size[1];
    recipe->drawn_width = resized[0] ? size[0] : 0;
    recipe->drawn_height = resized[0] ? size[1] : 0;
    return 0;
}

/* Newer versions of A1111 name what the Karras spacing is beside the sampler. */
static int read_sampler(const struct settings *settings, struct recipe *recipe, struct err *err)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%.40s%s", settings->sampler,
                   strcmp(settings->schedule, "Karras") == 0 ? " Karras" : "");
    if (strcmp(name, "PNDM") == 0)
        (void)text_copy(name, sizeof name, samplers[GENERATION_PNDM]);
    for (int i = GENERATION_AUTO + 1; i < SAMPLERS; i++)
        if (strcmp(samplers[i], name) == 0) {
            recipe->scheduler = (enum generation_scheduler)i;
            return 0;
        }
    return err_set(err, ERR_INVALID,
                   "Sampler is '%.40s', not one of DDIM, PLMS, Euler, Euler a, DPM++ 2M, "
                   "DPM++ 2M Karras",
                   settings->sampler);
}

static int read_guidance(const char *text, struct recipe *recipe, struct err *err)
{
    char *end = NULL;
    double number = strtod(text, &end);

    if (!*text || *end || !(number >= 0 && number <= GENERATION_GUIDANCE_MAX))
        return err_set(err, ERR_INVALID, "CFG scale is '%.20s', not a number 0 to %d", text,
                       GENERATION_GUIDANCE_MAX);
    recipe->guidance = number;
    return 0;
}

static int read_settings(const struct settings *settings, struct recipe *recipe,
                         struct err *err)
{
    int64_t steps = 0;

    if (whole("Steps", settings->steps, 1, GENERATION_STEPS_MAX, &steps, err) < 0 ||
        whole("Seed", settings->seed, 0, INT64_MAX, &recipe->seed, err) < 0 ||
        read_sizes(settings, recipe, err) < 0 || read_sampler(settings, recipe, err) < 0)
        return err->code;
    recipe->steps = (uint32_t)steps;
    recipe->model_id = settings->hash;
    recipe->model = settings->model;
    return read_guidance(settings->guidance, recipe, err);
}

/* Cuts the prompts apart. */
static int read_prompts(char *prompts, const char *bytes, struct recipe *recipe,
                        struct err *err)
{
    size_t size = strlen(prompts), end = prompt_end(prompts);
    int64_t said = 0;

    if (*bytes) {
        if (whole("Prompt bytes", bytes, 0, (int64_t)size, &said, err) < 0)
            return err->code;
        end = (size_t)said;
    } else if (end == 0 && size && *prompts != '\n') { /* others may have no prompt at all */
        recipe->prompt = "";
        recipe->negative = prompts + MARK - 1;
        return 0;
    }
    if (end < size && strncmp(prompts + end, mark, MARK) != 0)
        return err_set(err, ERR_INVALID,
                       "Prompt bytes is %zu, but the negative prompt is not there", end);
    recipe->prompt = prompts;
    recipe->negative = end < size ? prompts + end + MARK : "";
    prompts[end] = '\0';
    return 0;
}

int recipe_parse(const char *text, struct recipe *ret_recipe, struct recipe_origin *ret_origin,
                 struct buf *storage, struct err *err)
{
    struct recipe recipe = {0};
    struct recipe_origin origin = {0};
    struct settings settings;
    char *line;

    buf_clear(storage);
    buf_append_char(storage, '\n'); /* so that there always is a line before the last */
    buf_append_str(storage, text);
    if (!buf_ok(storage))
        return err_set_nomem(err, "a picture's parameters");
    while (storage->size > 1 && storage->data[storage->size - 1] == '\n')
        storage->data[--storage->size] = '\0';
    line = strrchr(storage->data, '\n');
    *line++ = '\0';
    if (take_settings(line, &settings, err) < 0 || read_settings(&settings, &recipe, err) < 0 ||
        read_prompts(line - 1 == storage->data ? storage->data : storage->data + 1,
                     settings.bytes, &recipe, err) < 0)
        return err_wrap(err, "the picture's parameters");
    (void)text_copy(origin.id, sizeof origin.id, settings.recipe);
    origin.version = settings.version;
    *ret_recipe = recipe;
    *ret_origin = origin;
    return 0;
}
