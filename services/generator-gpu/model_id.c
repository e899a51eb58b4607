/* model_id.c - see model_id.h. */
#include "services/generator-gpu/model_id.h"

#include <inttypes.h>

#include "lib/base/file.h"
#include "lib/nn/safetensors.h"
#include "services/generator-gpu/model_folder.h"

enum { SAMPLES = 256, SAMPLE = 4096, SMALL_MAX = 64 << 20 };

static void add_samples(struct buf *out, const char *data, size_t size)
{
    if (size <= (size_t)SAMPLES * SAMPLE) {
        buf_append(out, data, size);
        return;
    }
    for (size_t i = 0; i < SAMPLES; i++)
        buf_append(out, data + (size - SAMPLE) / (SAMPLES - 1) * i, SAMPLE);
}

static int add_weights(struct buf *out, const char *model, const char *part,
                       const char *weights, struct err *err)
{
    OWNED(safetensors) file = NULL;
    char path[4096];
    const char *header;
    size_t size;

    if (model_weights_path(model, part, weights, path, err) < 0)
        return err->code;
    file = safetensors_open(path, err);
    if (!file)
        return err->code;
    header = safetensors_header(file, &size);
    buf_printf(out, "%s %zu %zu\n", part, size, safetensors_size(file));
    buf_append(out, header, size);
    add_samples(out, header + size, safetensors_size(file) - size - 8);
    return 0;
}

/* A file that is not there is no error here: who needs it says so. */
static int add_small(struct buf *out, const char *model, const char *name, struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    struct err why = {0};
    char path[4096];

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", model, name) >= sizeof(path))
        return err_set(err, ERR_INVALID, "%s: the path is too long", model);
    if (file_read(path, SMALL_MAX, &text, &why) < 0 && why.code != ERR_NOT_FOUND)
        return err_set(err, why.code, "%s", why.text);
    buf_printf(out, "%s %zu\n", name, text.size);
    buf_append(out, text.data, text.size);
    return 0;
}

int model_id(const char *model, char ret_hex[SHA256_HEX], struct err *err)
{
    static const char *const small[] = {"unet/config.json",
                                        "vae/config.json",
                                        "text_encoder/config.json",
                                        "tokenizer/vocab.json",
                                        "tokenizer/merges.txt",
                                        "tokenizer/special_tokens_map.json",
                                        "tokenizer/tokenizer_config.json",
                                        "scheduler/scheduler_config.json"};
    OWNED_VALUE(buf) all = {0};

    if (add_weights(&all, model, "unet", "diffusion_pytorch_model", err) < 0 ||
        add_weights(&all, model, "vae", "diffusion_pytorch_model", err) < 0 ||
        add_weights(&all, model, "text_encoder", "model", err) < 0)
        return err->code;
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
        if (add_small(&all, model, small[i], err) < 0)
            return err->code;
    if (!buf_ok(&all))
        return err_set_nomem(err, "the model's id");
    sha256_hex(all.data, all.size, ret_hex);
    return 0;
}
