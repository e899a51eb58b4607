/* UNet and VAE by themselves: the same numbers on every backend, what they say of values that
 * are not finite, and what they do with memory. The plain backend is what the real one is held
 * to. */
#define TEST_SECONDS 300 /* sanitizers make it slow */
#include "tests/test.h"

#include <malloc.h>
#include <math.h>

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
