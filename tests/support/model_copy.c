/* model_copy.c - see model_copy.h. */
#include "tests/support/model_copy.h"

#include <string.h>

#include "tests/support/process.h"

static void load(const char *folder, const char *file, struct buf *ret)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, file);
    file_load(path, ret);
}

static json_t *parse(const char *text, size_t size)
{
    struct err err = {0};
    json_t *json = json_parse(text, size, &err);

    if (!json)
        test_fail("%s", err.text);
    return json;
}

const char *model_copy(const char *model)
{
    const char *folder = folder_new();
    char from[256], to[256];

    (void)snprintf(from, sizeof(from), "tests/golden/diffusion/%s/model/.", model);
    (void)snprintf(to, sizeof(to), "%s/.", folder);
    if (process_run((const char *const[]){"cp", "-r", from, to, NULL}, NULL, NULL, 20000) != 0)
        test_fail("cp of %s", from);
    return folder;
}

void model_restore(const char *folder, const char *model, const char *file)
{
    OWNED_VALUE(buf) bytes = {0};
    char from[256];

    (void)snprintf(from, sizeof(from), "tests/golden/diffusion/%s/model", model);
    load(from, file, &bytes);
    folder_put(folder, file, bytes.data, bytes.size);
}

void model_set(const char *folder, const char *file, const char *member, const char *value)
{
    OWNED_VALUE(buf) text = {0};
    OWNED_JSON json = NULL;
    char *dumped;

    load(folder, file, &text);
    json = parse(text.data, text.size);
    if (value)
        (void)json_object_set_new(json, member, parse(value, strlen(value)));
    else
        (void)json_object_del(json, member);
    dumped = json_dumps(json, 0);
    folder_put(folder, file, dumped, strlen(dumped));
    free(dumped);
}

/* -- weights ----------------------------------------------------------------------------------
 */

static uint64_t header_size(const struct buf *bytes)
{
    uint64_t size;

    memcpy(&size, bytes->data, sizeof(size));
    return size;
}

void model_edit_header(const char *folder, const char *file, header_edit *edit, void *ctx)
{
    OWNED_VALUE(buf) bytes = {0};
    OWNED_VALUE(buf) made = {0};
    OWNED_JSON header = NULL;
    uint64_t size;
    char *dumped;

    load(folder, file, &bytes);
    header = parse(bytes.data + 8, header_size(&bytes));
    edit(header, ctx);
    dumped = json_dumps(header, JSON_COMPACT);
    size = (strlen(dumped) + 7) / 8 * 8;
    buf_append(&made, &size, sizeof(size));
    buf_append_str(&made, dumped);
    while (made.size < size + 8)
        buf_append_char(&made, ' ');
    buf_append(&made, bytes.data + 8 + header_size(&bytes),
               bytes.size - 8 - header_size(&bytes));
    folder_put(folder, file, made.data, made.size);
    free(dumped);
}

/* Under another name, since a file may have no gaps. */
static void rename_away(json_t *header, void *ctx)
{
    json_t *entry = json_object_get(header, ctx);

    if (!entry)
        test_fail("no tensor %s", (const char *)ctx);
    (void)json_object_set(header, "dropped", entry);
    (void)json_object_del(header, ctx);
}

void model_drop(const char *folder, const char *file, const char *tensor)
{
    char name[256];

    (void)snprintf(name, sizeof(name), "%s", tensor);
    model_edit_header(folder, file, rename_away, name);
}

/* The elements of an F32 tensor in the file's bytes, which need not be aligned. */
static char *elements(const struct buf *bytes, const char *tensor, size_t *ret_count,
                      size_t *ret_rows)
{
    OWNED_JSON header = parse(bytes->data + 8, header_size(bytes));
    const json_t *entry = json_object_get(header, tensor), *offsets;
    size_t from;

    if (!entry || strcmp(json_string_value(json_object_get(entry, "dtype")), "F32") != 0)
        test_fail("no %s in F32", tensor);
    offsets = json_object_get(entry, "data_offsets");
    from = (size_t)json_integer_value(json_array_get(offsets, 0));
    *ret_count =
        ((size_t)json_integer_value(json_array_get(offsets, 1)) - from) / sizeof(float);
    *ret_rows = (size_t)json_integer_value(json_array_get(json_object_get(entry, "shape"), 0));
    return bytes->data + 8 + header_size(bytes) + from;
}

static void fill(char *at, float value, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(at + i * sizeof(value), &value, sizeof(value));
}

/* The first row of the weight is as large as can be, the last its negative: whatever comes in,
 * one of the two sums is over 0, and the bias is added to it. */
void model_blow_up(const char *folder, const char *file, const char *layer)
{
    static const float LARGE = 3.4e38F;
    OWNED_VALUE(buf) bytes = {0};
    char name[256], *at;
    size_t count, rows;

    load(folder, file, &bytes);
    (void)snprintf(name, sizeof(name), "%s.weight", layer);
    at = elements(&bytes, name, &count, &rows);
    fill(at, LARGE, count / rows);
    fill(at + (count - count / rows) * sizeof(float), -LARGE, count / rows);
    (void)snprintf(name, sizeof(name), "%s.bias", layer);
    at = elements(&bytes, name, &count, &rows);
    fill(at, LARGE, count);
    folder_put(folder, file, bytes.data, bytes.size);
}
