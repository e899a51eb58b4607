/* Text encoder, UNet and VAE by themselves: what they take, what they refuse and by which name,
 * and what they do with memory. On the plain backend, to which the real one is held. */
#define TEST_SECONDS 300 /* sanitizers make it slow */
#include "tests/test.h"

#include <malloc.h>
#include <math.h>

#include "services/generator-gpu/text_encoder.h"
#include "services/generator-gpu/unet.h"
#include "services/generator-gpu/vae.h"
#include "tests/support/backend_plain.h"
#include "tests/support/diffusion.h"
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

static struct backend *cpu(void)
{
    struct err err = {0};
    struct backend *backend = backend_open(
        &(struct backend_conf){.name = "cpu", .precision = "f32", .threads = 2}, &err);

    if (!backend)
        TEST_FAIL("%s", err.text);
    return backend;
}

static float *random_floats(size_t count, uint32_t seed)
{
    float *values = malloc(count * sizeof(*values));

    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525 + 1013904223;
        values[i] = (float)(seed >> 8) / (1 << 23) - 1;
    }
    return values;
}

/* -- the same numbers everywhere --------------------------------------------------------------
 */

/* One call with made-up input. */
struct call {
    struct unet_shape shape;
    float *text, *latents, *out;
    size_t count;
};

static void call_init(struct call *call, const struct unet *unet, struct unet_shape shape)
{
    call->shape = shape;
    call->count = (size_t)shape.n * unet_channels(unet) * shape.h * shape.w;
    call->text = random_floats((size_t)shape.n * shape.tokens * unet_text_dim(unet), 1);
    call->latents = random_floats(call->count, 2);
    call->out = random_floats(call->count, 3);
}

static void call_done(struct call *call)
{
    free(call->text);
    free(call->latents);
    free(call->out);
}

static void call_make(struct call *call, struct unet *unet)
{
    struct err err = {0};

    CHECK_OK(unet_prepare(unet, &call->shape, call->text, &err), err);
    CHECK_OK(unet_run(unet, call->latents, 501, call->out, &err), err);
}

static struct unet *open_unet(struct backend *backend, const char *model)
{
    struct err err = {0};
    struct unet *unet = unet_open(backend, golden_path(model, "model"), &err);

    if (!unet)
        TEST_FAIL("%s", err.text);
    return unet;
}

/* Sides of 1 and of odd numbers at every level, text of several chunks, several pictures. */
TEST(both_backends_agree_at_any_size)
{
    static const struct unet_shape shapes[] = {
        {1, 1, 1, 77}, {2, 5, 7, 77}, {3, 9, 3, 154}, {1, 13, 8, 77}};
    OWNED(backend) slow = plain();
    OWNED(backend) fast = cpu();

    for (size_t m = 0; golden_models[m]; m++) {
        OWNED(unet) expected = open_unet(slow, golden_models[m]);
        OWNED(unet) unet = open_unet(fast, golden_models[m]);

        for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
            struct call want, got;

            call_init(&want, expected, shapes[i]);
            call_init(&got, unet, shapes[i]);
            call_make(&want, expected);
            call_make(&got, unet);
            check_close(golden_models[m], got.out, want.out, got.count,
                        (struct closeness){.tolerance = 1e-4});
            call_done(&want);
            call_done(&got);
        }
    }
}

TEST(pictures_of_a_batch_do_not_touch_each_other)
{
    OWNED(backend) backend = plain();
    OWNED(unet) unet = open_unet(backend, "sd21-base");
    struct call both, one;
    size_t each;

    call_init(&both, unet, (struct unet_shape){2, 6, 5, 77});
    call_make(&both, unet);
    call_init(&one, unet, (struct unet_shape){1, 6, 5, 77});
    each = one.count;
    memcpy(one.latents, both.latents + each, each * sizeof(float));
    memcpy(one.text, both.text + (size_t)77 * unet_text_dim(unet),
           (size_t)77 * unet_text_dim(unet) * sizeof(float));
    call_make(&one, unet);
    check_close("second picture", one.out, both.out + each, each,
                (struct closeness){.tolerance = 1e-6});
    call_done(&both);
    call_done(&one);
}

static void decode(struct backend *backend, const char *model, float **ret, size_t *ret_count)
{
    struct err err = {0};
    OWNED(vae) vae = vae_open(backend, golden_path(model, "model"), &err);
    float *latents;

    if (!vae)
        TEST_FAIL("%s", err.text);
    latents = random_floats((size_t)vae_channels(vae) * 5 * 3, 4);
    *ret_count = (size_t)5 * 3 * vae_scale(vae) * vae_scale(vae) * 3;
    *ret = malloc(*ret_count * sizeof(float));
    CHECK_OK(vae_decode(vae, latents, 5, 3, *ret, &err), err);
    free(latents);
}

TEST(both_backends_decode_to_the_same_pixels)
{
    OWNED(backend) slow = plain();
    OWNED(backend) fast = cpu();

    for (size_t m = 0; golden_models[m]; m++) {
        float *want, *got;
        size_t count;

        decode(slow, golden_models[m], &want, &count);
        decode(fast, golden_models[m], &got, &count);
        check_close(golden_models[m], got, want, count, (struct closeness){.tolerance = 1e-4});
        free(want);
        free(got);
    }
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

/* -- what is not finite -----------------------------------------------------------------------
 */

static struct err run_once(const char *folder, struct backend *backend)
{
    struct err err = {0};
    OWNED(unet) unet = unet_open(backend, folder, &err);
    struct call call;

    if (!unet)
        TEST_FAIL("%s", err.text);
    call_init(&call, unet, (struct unet_shape){1, 4, 4, 77});
    CHECK_OK(unet_prepare(unet, &call.shape, call.text, &err), err);
    CHECK_INT(unet_run(unet, call.latents, 1, call.out, &err), ==, ERR_INVALID);
    call_done(&call);
    return err;
}

/* Weights that are finite, and sums of them that are not. */
TEST(an_overflow_is_named_by_the_layer_where_it_began)
{
    static const char *const layers[] = {
        "mid_block.resnets.0.conv1", "down_blocks.0.resnets.0.conv2",
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0",
        "up_blocks.2.attentions.0.transformer_blocks.0.ff.net.2"};

    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
        for (int fast = 0; fast < 2; fast++) {
            OWNED(backend) backend = fast ? cpu() : plain();
            const char *folder = model_copy("sd21-base");
            struct err err;

            model_blow_up(folder, UNET_WEIGHTS, layers[i]);
            err = run_once(folder, backend);
            CHECK_HAS(err.text, layers[i]);
            CHECK_HAS(err.text, "gave NaN");
        }
}

TEST(latents_and_text_that_are_not_finite_are_named_as_such)
{
    OWNED(backend) backend = plain();
    OWNED(unet) unet = open_unet(backend, "sd15");
    struct err err = {0};
    struct call call;

    call_init(&call, unet, (struct unet_shape){1, 4, 4, 77});
    call_make(&call, unet);
    call.latents[7] = NAN;
    CHECK_INT(unet_run(unet, call.latents, 1, call.out, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "latents");
    err_clear(&err);
    call.text[7] = INFINITY;
    CHECK_INT(unet_prepare(unet, &call.shape, call.text, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "text");
    call_done(&call);
}

/* -- memory -----------------------------------------------------------------------------------
 */

TEST(a_step_allocates_nothing_and_touches_the_same_addresses)
{
    OWNED(backend) backend = plain();
    OWNED(unet) unet = open_unet(backend, "sd21-base");
    struct plain_counts first, second;
    struct err err = {0};
    struct call call;

    call_init(&call, unet, (struct unet_shape){2, 5, 6, 77});
    call_make(&call, unet);
    first = backend_plain_counts(backend);
    CHECK_INT(first.plans, ==, first.ops);
    CHECK_INT(first.allocs, ==, 2);
    call_make(&call, unet); /* prepared once more: the same shape */
    second = backend_plain_counts(backend);
    CHECK_INT(second.plans, ==, 0);
    CHECK_INT(second.allocs, ==, 0);
    CHECK_INT(second.ops, ==, first.ops);
    CHECK(second.addresses == first.addresses);
    CHECK_OK(unet_run(unet, call.latents, 1, call.out, &err), err);
    (void)backend_plain_counts(backend);
    CHECK_OK(unet_run(unet, call.latents, 901, call.out, &err), err);
    CHECK_INT(backend_plain_counts(backend).allocs, ==, 0);
    call_done(&call);
}

TEST(the_heap_does_not_grow_over_steps)
{
    OWNED(backend) backend = cpu();
    OWNED(unet) unet = open_unet(backend, "sd21-base");
    struct err err = {0};
    struct call call;
    size_t before;

    call_init(&call, unet, (struct unet_shape){2, 8, 9, 77});
    call_make(&call, unet);
    CHECK_OK(unet_run(unet, call.latents, 1, call.out, &err), err);
    before = mallinfo2().uordblks;
    for (int i = 0; i < 10; i++)
        CHECK_OK(unet_run(unet, call.latents, 801, call.out, &err), err);
    CHECK_INT(mallinfo2().uordblks, ==, before);
    call_done(&call);
}

TEST(a_run_before_it_is_prepared_is_refused)
{
    OWNED(backend) backend = plain();
    OWNED(unet) unet = open_unet(backend, "sd15");
    struct err err = {0};
    float latents[64] = {0};

    CHECK_INT(unet_run(unet, latents, 1, latents, &err), ==, ERR_INVALID);
}
