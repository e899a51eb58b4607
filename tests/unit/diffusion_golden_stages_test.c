/* Text encoder, UNet and VAE decoder, each by itself, against transformers and diffusers. */
#include "tests/test.h"

#include "services/generator-gpu/text_encoder.h"
#include "services/generator-gpu/unet.h"
#include "services/generator-gpu/vae.h"
#include "tests/support/diffusion.h"

/* On the golden's own scale: of the largest value, and by root mean square. */
static const struct closeness CLOSE = {.tolerance = 1e-4, .loud = true};

static struct backend *open_backend(void)
{
    struct err err = {0};
    struct backend *backend = backend_open(
        &(struct backend_conf){.name = "cpu", .precision = "f32", .threads = 2}, &err);

    if (!backend)
        TEST_FAIL("%s", err.text);
    return backend;
}

static void check_text(struct backend *backend, const char *model,
                       const struct safetensors *file)
{
    const struct safetensor *ids = golden_find(file, "text.ids");
    const struct safetensor *out = golden_find(file, "text.out");
    struct err err = {0};
    OWNED(text_encoder) encoder = text_encoder_open(backend, golden_path(model, "model"), &err);
    float *want = golden_floats(out), *got = calloc(out->count, sizeof(*got));
    int32_t *numbers = calloc(ids->count, sizeof(*numbers));
    char what[64];

    if (!encoder)
        TEST_FAIL("%s", err.text);
    CHECK_INT(text_encoder_dim(encoder), ==, out->shape[2]);
    for (size_t i = 0; i < ids->count; i++)
        numbers[i] = (int32_t)safetensor_at(ids, i);
    CHECK_OK(text_encoder_run(encoder, numbers, (size_t)ids->shape[0], got, &err), err);
    (void)snprintf(what, sizeof(what), "%s: text embeddings", model);
    check_close(what, got, want, out->count, CLOSE);
    free(numbers);
    free(want);
    free(got);
}

static void check_call(struct unet *unet, const char *what, const struct safetensors *file,
                       size_t i)
{
    const struct safetensor *latents = golden_find(file, "unet.%zu.latents", i);
    const struct safetensor *text = golden_find(file, "unet.%zu.text", i);
    const struct unet_shape shape = {.n = (uint32_t)latents->shape[0],
                                     .h = (uint32_t)latents->shape[2],
                                     .w = (uint32_t)latents->shape[3],
                                     .tokens = (uint32_t)text->shape[1]};
    float timestep = safetensor_at(golden_find(file, "unet.%zu.timestep", i), 0);
    float *in = golden_floats(latents), *embeddings = golden_floats(text);
    float *want = golden_floats(golden_find(file, "unet.%zu.out", i));
    float *got = calloc(latents->count, sizeof(*got));
    struct err err = {0};

    CHECK_INT(unet_text_dim(unet), ==, text->shape[2]);
    CHECK_OK(unet_prepare(unet, &shape, embeddings, &err), err);
    for (int time = 0; time < 2;
         time++) { /* the second call finds what the first left behind */
        memset(got, 0, latents->count * sizeof(*got));
        CHECK_OK(unet_run(unet, in, timestep, got, &err), err);
        check_close(what, got, want, latents->count,
                    (struct closeness){.tolerance = CLOSE.tolerance, .loud = time == 1});
    }
    free(in);
    free(embeddings);
    free(want);
    free(got);
}

static void check_unet(struct backend *backend, const char *model,
                       const struct safetensors *file)
{
    struct err err = {0};
    OWNED(unet) unet = unet_open(backend, golden_path(model, "model"), &err);
    size_t i;

    if (!unet)
        TEST_FAIL("%s", err.text);
    CHECK_INT(unet_sample_size(unet), ==, 12);
    for (i = 0; golden_has(file, "unet.%zu.out", i); i++) {
        char what[64];

        (void)snprintf(what, sizeof(what), "%s: UNet call %zu", model, i);
        check_call(unet, what, file, i);
    }
    CHECK_INT(i, >=, 5);
}

static void check_vae(struct backend *backend, const char *model,
                      const struct safetensors *file)
{
    struct err err = {0};
    OWNED(vae) vae = vae_open(backend, golden_path(model, "model"), &err);
    size_t i;

    if (!vae)
        TEST_FAIL("%s", err.text);
    CHECK_INT(vae_scale(vae), ==, 8);
    for (i = 0; golden_has(file, "vae.%zu.out", i); i++) {
        const struct safetensor *latents = golden_find(file, "vae.%zu.latents", i);
        const struct safetensor *out = golden_find(file, "vae.%zu.out", i);
        float *in = golden_floats(latents), *want = golden_floats(out);
        float *got = calloc(out->count, sizeof(*got));
        char what[64];

        CHECK_INT(vae_channels(vae), ==, latents->shape[0]);
        CHECK_OK(vae_decode(vae, in, (uint32_t)latents->shape[1], (uint32_t)latents->shape[2],
                            got, &err),
                 err);
        (void)snprintf(what, sizeof(what), "%s: decoded latents %zu", model, i);
        check_close(what, got, want, out->count, CLOSE);
        free(in);
        free(want);
        free(got);
    }
    CHECK_INT(i, >=, 2);
}

static void check_each(void (*check)(struct backend *backend, const char *model,
                                     const struct safetensors *file))
{
    OWNED(backend) backend = open_backend();

    for (size_t i = 0; golden_models[i]; i++) {
        OWNED(safetensors) file = golden_tensors(golden_models[i], "stages.safetensors");

        check(backend, golden_models[i], file);
    }
}

TEST(text_embeddings_are_those_of_transformers)
{
    check_each(check_text);
}

TEST(unet_calls_are_those_of_diffusers)
{
    check_each(check_unet);
}

TEST(decoded_latents_are_those_of_diffusers)
{
    check_each(check_vae);
}
