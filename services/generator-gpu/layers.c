/* layers.c - see layers.h. Shapes are checked here against what the configuration says, before
 * the backend sees them, so that the error can name the tensor and both shapes. */
#include "services/generator-gpu/layers.h"

#include <stdarg.h>

#include "lib/nn/weights.h"

void layers_init(struct layers *layers, struct backend *backend, const struct safetensors *file,
                 const char *model, struct err *err)
{
    *layers = (struct layers){.backend = backend, .file = file, .model = model, .err = err};
}

void layers_done(struct layers *layers)
{
    for (size_t i = 0; i < layers->count; i++) {
        layers->backend->ops->layer_free(layers->backend, layers->entries[i].layer);
        free(layers->entries[i].name);
    }
    free(layers->entries);
    buf_done(&layers->path);
    *layers = (struct layers){0};
}

/* -- names ------------------------------------------------------------------------------------
 */

size_t layers_enter(struct layers *layers, const char *fmt, ...)
{
    size_t from = layers->path.size;
    char part[128];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(part, sizeof(part), fmt, args);
    va_end(args);
    buf_append_str(&layers->path, part);
    buf_append_char(&layers->path, '.');
    return from;
}

void layers_leave(struct layers *layers, size_t to)
{
    if (!buf_ok(&layers->path))
        return;
    layers->path.size = to;
    if (layers->path.data)
        layers->path.data[to] = '\0';
}

/* <path><name><part>. False where that is longer than any name. */
static bool full_name(const struct layers *layers, const char *name, const char *part,
                      char full[256])
{
    return snprintf(full, 256, "%s%s%s", buf_text(&layers->path), name, part) < 256;
}

bool layers_has(const struct layers *layers, const char *name)
{
    char full[256];

    return full_name(layers, name, "", full) && safetensors_find(layers->file, full);
}

/* -- tensors ----------------------------------------------------------------------------------
 */

static const struct safetensor *tensor_of(struct layers *layers, const char *name,
                                          const char *part, const int64_t shape[4])
{
    const struct safetensor *tensor = NULL;
    char full[256];

    if (layers->err->code)
        return NULL;
    if (full_name(layers, name, part, full))
        tensor = weights_find(layers->file, full, shape, "config.json", layers->err);
    else
        err_set(layers->err, ERR_INVALID, "the name of %s%s is too long", name, part);
    if (!tensor)
        (void)err_wrap(layers->err, "%s", layers->model);
    return tensor;
}

static const struct safetensor *bias_of(struct layers *layers, const char *name, uint32_t out)
{
    return tensor_of(layers, name, ".bias", (int64_t[4]){out});
}

/* -- layers -----------------------------------------------------------------------------------
 */

static struct layer_entry *entry_new(struct layers *layers)
{
    if (layers->count == layers->capacity) {
        size_t capacity = layers->capacity ? layers->capacity * 2 : 64;
        struct layer_entry *grown =
            reallocarray(layers->entries, capacity, sizeof(layers->entries[0]));

        if (!grown)
            return NULL;
        layers->entries = grown;
        layers->capacity = capacity;
    }
    return &layers->entries[layers->count];
}

/* Makes the layer of def and files it as entry, whose name is path + def->name. */
static const struct layer *add(struct layers *layers, struct layer_def *def,
                               struct layer_entry entry)
{
    struct layer_entry *slot;

    if (layers->err->code)
        return NULL;
    slot = entry_new(layers);
    if (!slot || !buf_ok(&layers->path) ||
        asprintf(&entry.name, "%s%s", buf_text(&layers->path), def->name) < 0) {
        err_set_nomem(layers->err, layers->model);
        return NULL;
    }
    def->name = entry.name;
    entry.kind = def->kind;
    entry.layer = layers->backend->ops->layer_new(layers->backend, def, layers->err);
    if (!entry.layer) {
        err_wrap(layers->err, "%s", layers->model);
        free(entry.name);
        return NULL;
    }
    *slot = entry;
    layers->count++;
    return entry.layer;
}

const struct layer *layers_conv(struct layers *layers, const char *name, uint32_t in,
                                uint32_t out, uint32_t kernel, uint32_t stride)
{
    struct layer_entry entry = {
        .in = in, .out = out, .kernel = kernel, .stride = stride, .pad = kernel / 2};
    struct layer_def def = {.kind = LAYER_CONV,
                            .name = name,
                            .parts = 1,
                            .stride = stride,
                            .pad = entry.pad,
                            .groups = 1};

    def.weight[0] = tensor_of(layers, name, ".weight", (int64_t[4]){out, in, kernel, kernel});
    def.bias[0] = bias_of(layers, name, out);
    return add(layers, &def, entry);
}

const struct layer *layers_group_norm(struct layers *layers, const char *name,
                                      uint32_t channels, uint32_t groups, float eps)
{
    struct layer_entry entry = {.in = channels, .out = channels};
    struct layer_def def = {
        .kind = LAYER_GROUP_NORM, .name = name, .parts = 1, .groups = groups, .eps = eps};

    def.weight[0] = tensor_of(layers, name, ".weight", (int64_t[4]){channels});
    def.bias[0] = bias_of(layers, name, channels);
    if (!layers->err->code && channels % groups)
        err_set(layers->err, ERR_INVALID,
                "%s: %s%s: %u channels are not divisible into norm_num_groups %u",
                layers->model, buf_text(&layers->path), name, channels, groups);
    return add(layers, &def, entry);
}

const struct layer *layers_layer_norm(struct layers *layers, const char *name,
                                      uint32_t channels, float eps)
{
    struct layer_entry entry = {.in = channels, .out = channels};
    struct layer_def def = {.kind = LAYER_LAYER_NORM, .name = name, .parts = 1, .eps = eps};

    def.weight[0] = tensor_of(layers, name, ".weight", (int64_t[4]){channels});
    def.bias[0] = bias_of(layers, name, channels);
    return add(layers, &def, entry);
}

const struct layer *layers_embedding(struct layers *layers, const char *name, uint32_t rows,
                                     uint32_t channels)
{
    struct layer_entry entry = {.in = rows, .out = channels};
    struct layer_def def = {.kind = LAYER_EMBEDDING, .name = name, .parts = 1};

    def.weight[0] = tensor_of(layers, name, ".weight", (int64_t[4]){rows, channels});
    return add(layers, &def, entry);
}

const struct layer *layers_linear(struct layers *layers, const struct linear_def *def)
{
    struct layer_entry entry = {.in = def->in, .out = 0, .kernel = 1, .stride = 1};
    struct layer_def made = {.kind = LAYER_LINEAR, .name = def->names[0]};

    for (size_t i = 0; i < LAYER_PARTS && def->names[i]; i++) {
        made.weight[i] =
            tensor_of(layers, def->names[i], ".weight", (int64_t[4]){def->out, def->in});
        if (def->bias)
            made.bias[i] = bias_of(layers, def->names[i], def->out);
        made.parts = i + 1;
        entry.out += def->out;
    }
    if (def->extra_bias)
        made.extra_bias = bias_of(layers, def->extra_bias, def->out);
    return add(layers, &made, entry);
}

const struct layer_entry *layers_find(const struct layers *layers, const struct layer *layer)
{
    for (size_t i = 0; layers && i < layers->count; i++)
        if (layers->entries[i].layer == layer)
            return &layers->entries[i];
    return NULL;
}
