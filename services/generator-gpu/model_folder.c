/* model_folder.c - see model_folder.h. */
#include "services/generator-gpu/model_folder.h"

#include <inttypes.h>
#include <unistd.h>

#include "lib/base/file.h"

enum { CONFIG_MAX = 1 << 20 };

/* -- files ------------------------------------------------------------------------------------
 */

static int path_of(char ret_path[4096], struct err *err, const char *model, const char *name)
{
    if ((size_t)snprintf(ret_path, 4096, "%s/%s", model, name) >= 4096)
        return err_set(err, ERR_INVALID, "%s: the path is too long", model);
    return 0;
}

json_t *model_json(const char *model, const char *name, struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    char path[4096];
    json_t *json;

    if (path_of(path, err, model, name) < 0 || file_read(path, CONFIG_MAX, &text, err) < 0)
        return NULL;
    json = json_parse(buf_text(&text), text.size, err);
    if (!json) {
        err_wrap(err, "%s", path);
        return NULL;
    }
    if (!json_is_object(json)) {
        err_set(err, ERR_INVALID, "%s: is no JSON object", path);
        json_decref(json);
        return NULL;
    }
    return json;
}

int model_weights_path(const char *model, const char *name, const char *weights,
                       char ret_path[4096], struct err *err)
{
    static const char *const endings[] = {".safetensors", ".fp16.safetensors"};

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if ((size_t)snprintf(ret_path, 4096, "%s/%s/%s%s", model, name, weights, endings[i]) >=
            4096)
            return err_set(err, ERR_INVALID, "%s: the path is too long", model);
        if (access(ret_path, R_OK) == 0)
            return 0;
    }
    return err_set(err, ERR_NOT_FOUND,
                   "%s/%s: there is no %s.safetensors and no %s.fp16.safetensors that can be "
                   "read",
                   model, name, weights, weights);
}

int model_part_open(struct model_part *ret_part, const char *model, const char *name,
                    const char *weights, struct err *err)
{
    struct model_part part = {.name = name};
    char path[4096], config[64];

    (void)snprintf(config, sizeof(config), "%s/config.json", name);
    if (model_weights_path(model, name, weights, path, err) < 0)
        return err->code;
    part.config = model_json(model, config, err);
    if (part.config)
        part.weights = safetensors_open(path, err);
    if (!part.weights) {
        model_part_done(&part);
        return err->code;
    }
    *ret_part = part;
    return 0;
}

void model_part_done(struct model_part *part)
{
    json_decref(part->config);
    safetensors_free(part->weights);
    *part = (struct model_part){0};
}

/* -- members ----------------------------------------------------------------------------------
 */

/* NULL where it is missing, null, or something has failed before. */
static const json_t *member_of(const struct model_config *config, const char *member)
{
    const json_t *value = config->err->code ? NULL : json_object_get(config->json, member);

    return json_is_null(value) ? NULL : value;
}

static void refuse(const struct model_config *config, const char *member, const json_t *value,
                   const char *allowed)
{
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

    if (config->err->code == 0)
        err_set(config->err, ERR_INVALID, "%s/config.json: %s is %.60s; this engine takes %s",
                config->part, member, text ? text : "missing", allowed);
    free(text);
}

static uint32_t int_of(const struct model_config *config, const char *member,
                       const json_t *value, uint32_t min, uint32_t max)
{
    char range[64];

    if (json_is_integer(value) && json_integer_value(value) >= min &&
        json_integer_value(value) <= max)
        return (uint32_t)json_integer_value(value);
    (void)snprintf(range, sizeof(range), "whole numbers %" PRIu32 "..%" PRIu32, min, max);
    refuse(config, member, value, range);
    return max ? max : 1;
}

uint32_t model_config_int(const struct model_config *config, const char *member, uint32_t min,
                          uint32_t max, uint32_t fallback)
{
    const json_t *value = member_of(config, member);

    if (!value && (fallback || config->err->code))
        return fallback ? fallback : min;
    return int_of(config, member, value, min, max);
}

double model_config_number(const struct model_config *config, const char *member,
                           double fallback)
{
    const json_t *value = member_of(config, member);

    if (!value)
        return fallback;
    if (!json_is_number(value))
        refuse(config, member, value, "a number");
    return json_number_value(value);
}

bool model_config_bool(const struct model_config *config, const char *member, bool fallback)
{
    const json_t *value = member_of(config, member);

    if (!value)
        return fallback;
    if (!json_is_boolean(value))
        refuse(config, member, value, "true or false");
    return json_is_true(value);
}

void model_config_ints(const struct model_config *config, const char *member, uint32_t *ret,
                       size_t count, uint32_t max, uint32_t fallback)
{
    const json_t *value = member_of(config, member);
    char allowed[64];

    if (!json_is_array(value)) {
        uint32_t same = model_config_int(config, member, 1, max, fallback);

        for (size_t i = 0; i < count; i++)
            ret[i] = same;
        return;
    }
    if (json_array_size(value) != count) {
        (void)snprintf(allowed, sizeof(allowed), "one number or %zu", count);
        refuse(config, member, value, allowed);
    }
    for (size_t i = 0; i < count; i++)
        ret[i] =
            config->err->code ? 1 : int_of(config, member, json_array_get(value, i), 1, max);
}

size_t model_config_list(const struct model_config *config, const char *member,
                         uint32_t ret[MODEL_LEVELS_MAX], uint32_t max)
{
    const json_t *value = member_of(config, member);
    size_t count = json_array_size(value);

    if (count < 1 || count > MODEL_LEVELS_MAX) {
        refuse(config, member, value, "a list of 1 to 8 numbers");
        ret[0] = 1;
        return 1;
    }
    for (size_t i = 0; i < count; i++)
        ret[i] =
            config->err->code ? 1 : int_of(config, member, json_array_get(value, i), 1, max);
    return count;
}

static size_t name_of(const struct model_config *config, const char *member,
                      const json_t *value, const char *const names[])
{
    char allowed[128] = "";
    size_t used = 0;

    for (size_t i = 0; names[i]; i++) {
        if (json_is_string(value) && strcmp(json_string_value(value), names[i]) == 0)
            return i;
        used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s\"%s\"",
                                 i ? " and " : "", names[i]);
        if (used >= sizeof(allowed))
            break;
    }
    refuse(config, member, value, allowed);
    return 0;
}

size_t model_config_choice(const struct model_config *config, const char *member,
                           const char *const names[])
{
    const json_t *value = member_of(config, member);

    return value ? name_of(config, member, value, names) : 0;
}

void model_config_names(const struct model_config *config, const char *member,
                        const char *const names[], size_t *ret, size_t count)
{
    const json_t *value = member_of(config, member);
    char allowed[64];

    if (json_array_size(value) != count) {
        (void)snprintf(allowed, sizeof(allowed), "a list of as many as block_out_channels, %zu",
                       count);
        refuse(config, member, value, allowed);
    }
    for (size_t i = 0; i < count; i++)
        ret[i] =
            config->err->code ? 0 : name_of(config, member, json_array_get(value, i), names);
}

void model_config_only(const struct model_config *config, const char *member,
                       const char *allowed)
{
    const json_t *value = member_of(config, member);
    OWNED_JSON should = json_loads(allowed, JSON_DECODE_ANY, NULL);

    if (!value || json_equal(value, should))
        return;
    if (json_is_number(value) && json_is_number(should) &&
        json_number_value(value) == json_number_value(should))
        return;
    refuse(config, member, value, allowed);
}
