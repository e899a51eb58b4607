/* A model's files: which configurations are taken, and that what is refused is named: the
 * member and its value, the tensor and its shape. */
#define TEST_SECONDS 300 /* sanitizers make it slow */
#include "tests/test.h"

#include "services/generator-gpu/text_encoder.h"
#include "services/generator-gpu/unet.h"
#include "services/generator-gpu/vae.h"
#include "tests/support/backend_plain.h"
#include "tests/support/model_copy.h"
#include "tests/support/process.h"

static struct backend *plain(void)
{
    struct err err = {0};
    struct backend *backend = backend_plain_new(&err);

    if (!backend)
        TEST_FAIL("%s", err.text);
    return backend;
}

/* -- configurations ---------------------------------------------------------------------------
 */

/* Opens each part in turn and keeps the first reason. */
static struct err refusal(const char *folder)
{
    OWNED(backend) backend = plain();
    struct err err = {0};
    OWNED(text_encoder) encoder = text_encoder_open(backend, folder, &err);
    OWNED(unet) unet = encoder ? unet_open(backend, folder, &err) : NULL;
    OWNED(vae) vae = unet ? vae_open(backend, folder, &err) : NULL;

    CHECK(!vae == (err.code != 0));
    return err;
}

TEST(what_there_is_no_code_for_is_refused_by_name_and_value)
{
    static const struct {
        const char *file, *member, *value;
    } cases[] = {
        {"unet/config.json", "_class_name", "\"UNet3DConditionModel\""},
        {"unet/config.json", "addition_embed_type", "\"text_time\""},
        {"unet/config.json", "attention_type", "\"gated\""},
        {"unet/config.json", "class_embed_type", "\"timestep\""},
        {"unet/config.json", "conv_in_kernel", "5"},
        {"unet/config.json", "dual_cross_attention", "true"},
        {"unet/config.json", "act_fn", "\"gelu\""},
        {"unet/config.json", "mid_block_type", "\"UNetMidBlock2D\""},
        {"unet/config.json", "only_cross_attention", "true"},
        {"unet/config.json", "resnet_time_scale_shift", "\"scale_shift\""},
        {"unet/config.json", "time_embedding_type", "\"fourier\""},
        {"unet/config.json", "layers_per_block", "0"},
        {"unet/config.json", "layers_per_block", "[1,1]"},
        {"unet/config.json", "block_out_channels", "[]"},
        {"unet/config.json", "block_out_channels", "[16,-1,24,24]"},
        {"unet/config.json", "attention_head_dim", "[2,2,3,7]"},
        {"unet/config.json", "cross_attention_dim", "\"wide\""},
        {"unet/config.json", "norm_num_groups", "5"},
        {"unet/config.json", "sample_size", "[12,12]"},
        {"vae/config.json", "_class_name", "\"AutoencoderTiny\""},
        {"vae/config.json", "shift_factor", "0.1159"},
        {"vae/config.json", "out_channels", "4"},
        {"vae/config.json", "scaling_factor", "0"},
        {"text_encoder/config.json", "hidden_act", "\"relu\""},
        {"text_encoder/config.json", "num_attention_heads", "3"},
        {"text_encoder/config.json", "max_position_embeddings", "64"},
    };

    const char *folder = model_copy("sd21-base");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err;

        model_set(folder, cases[i].file, cases[i].member, cases[i].value);
        err = refusal(folder);
        if (err.code != ERR_INVALID || !strstr(err.text, cases[i].member))
            TEST_FAIL("%s: %s %s: %d %s", cases[i].file, cases[i].member, cases[i].value,
                      err.code, err.text);
        printf("# %s\n", err.text);
        model_restore(folder, "sd21-base", cases[i].file);
    }
}

TEST(an_unknown_block_is_refused_by_name)
{
    const char *folder = model_copy("sd21-base");
    struct err err;

    model_set(folder, "unet/config.json", "down_block_types",
              "[\"CrossAttnDownBlock2D\", \"AttnDownBlock2D\", \"DownBlock2D\", "
              "\"DownBlock2D\"]");
    err = refusal(folder);
    CHECK_HAS(err.text, "down_block_types");
    CHECK_HAS(err.text, "AttnDownBlock2D");
}

TEST(members_that_say_the_default_are_taken)
{
    const char *folder = model_copy("sd21-base");
    struct err err;

    model_set(folder, "unet/config.json", "act_fn", "\"swish\"");
    model_set(folder, "unet/config.json", "layers_per_block", "[1,1,1,1]");
    model_set(folder, "unet/config.json", "class_embed_type", "null");
    model_set(folder, "unet/config.json", "mid_block_scale_factor", "1.0");
    model_set(folder, "unet/config.json", "dropout", "0.1");
    model_set(folder, "vae/config.json", "shift_factor", "null");
    err = refusal(folder);
    if (err.code)
        TEST_FAIL("%s", err.text);
}

/* -- weights ----------------------------------------------------------------------------------
 */

TEST(a_missing_tensor_is_named_with_its_model)
{
    static const struct {
        const char *file, *tensor, *model;
    } cases[] = {
        {UNET_WEIGHTS, "time_embedding.linear_2.bias", "unet: "},
        {UNET_WEIGHTS, "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_v.weight",
         "unet: "},
        {UNET_WEIGHTS, "up_blocks.0.resnets.1.time_emb_proj.weight", "unet: "},
        {UNET_WEIGHTS, "up_blocks.1.upsamplers.0.conv.bias", "unet: "},
        {VAE_WEIGHTS, "post_quant_conv.weight", "vae: "},
        {VAE_WEIGHTS, "decoder.mid_block.attentions.0.to_k.bias", "vae: "},
        {TEXT_WEIGHTS, "text_model.final_layer_norm.weight", "text_encoder: "},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *folder = model_copy("sd21-base");
        struct err err;

        model_drop(folder, cases[i].file, cases[i].tensor);
        err = refusal(folder);
        CHECK_INT(err.code, ==, ERR_INVALID);
        CHECK_HAS(err.text, cases[i].tensor);
        CHECK_HAS(err.text, cases[i].model);
    }
}

static void transpose_head(json_t *header, void *ctx)
{
    json_t *shape =
        json_object_get(json_object_get(header, "down_blocks.0.resnets.0.conv1.weight"), ctx);
    OWNED_JSON first = json_incref(json_array_get(shape, 0));

    (void)json_array_set(shape, 0, json_array_get(shape, 3));
    (void)json_array_set(shape, 3, first);
}

TEST(a_tensor_of_another_shape_is_named_with_both_shapes)
{
    const char *folder = model_copy("sd21-base");
    char member[] = "shape";
    struct err err;

    model_edit_header(folder, UNET_WEIGHTS, transpose_head, member);
    err = refusal(folder);
    CHECK_STR(err.text, "unet: down_blocks.0.resnets.0.conv1.weight is [3,16,3,16], not "
                        "[16,16,3,3] as config.json says");
}

static void drop_prefix(json_t *header, void *ctx)
{
    OWNED_JSON old = json_copy(header);
    const char *name;
    json_t *entry;
    size_t length = strlen(ctx);

    (void)json_object_clear(header);
    json_object_foreach(old, name, entry)(void)
        json_object_set(header, strncmp(name, ctx, length) == 0 ? name + length : name, entry);
}

static void embed(const char *folder, float *out)
{
    static const int32_t ids[77] = {1, 5, 9, 2};
    OWNED(backend) backend = plain();
    struct err err = {0};
    OWNED(text_encoder) encoder = text_encoder_open(backend, folder, &err);

    if (!encoder)
        TEST_FAIL("%s", err.text);
    CHECK_OK(text_encoder_run(encoder, ids, 1, out, &err), err);
}

TEST(a_text_encoder_is_read_with_and_without_the_prefix_of_its_names)
{
    enum { FLOATS_MAX = 77 * 256 };
    static float with[FLOATS_MAX], without[FLOATS_MAX];
    const char *folder = model_copy("sd21-base");
    char prefix[] = "text_model.";

    embed(folder, with);
    model_edit_header(folder, TEXT_WEIGHTS, drop_prefix, prefix);
    embed(folder, without);
    CHECK(with[0] != 0);
    for (size_t i = 0; i < FLOATS_MAX; i++)
        CHECK(with[i] == without[i]);
}
