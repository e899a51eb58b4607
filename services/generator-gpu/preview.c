/* preview.c - see preview.h. Sums of the normal equations are kept, and solved by Cholesky's
 * decomposition after each picture: (channels + 1)^2 numbers. */
#include "services/generator-gpu/preview.h"

#include <math.h>

#include "services/generator-gpu/torch_random.h"

enum { CHANNELS_MAX = 64, TERMS = CHANNELS_MAX + 1, RGB = 3 };

static const double FADE = 0.5; /* what an older picture counts beside a new one */
static const double RIDGE =
    1e-3; /* of the diagonal: keeps what the pictures leave open small */

struct preview {
    uint32_t channels;
    bool ready;
    double xx[TERMS][TERMS], xy[TERMS][RGB];
    double map[TERMS][RGB]; /* by channel; the last is the constant */
};

struct preview *preview_new(uint32_t channels, struct err *err)
{
    struct preview *preview;

    if (channels > CHANNELS_MAX) {
        err_set(err, ERR_INVALID, "previews of latents with %u channels; %d is the most",
                channels, CHANNELS_MAX);
        return NULL;
    }
    preview = calloc(1, sizeof(*preview));
    if (!preview)
        err_set_nomem(err, "previews");
    else
        preview->channels = channels;
    return preview;
}

void preview_free(struct preview *preview)
{
    free(preview);
}

bool preview_ready(const struct preview *preview)
{
    return preview->ready;
}

/* -- learning ---------------------------------------------------------------------------------
 */

/* Mean colour of the decoded pixels of latent (y, x), 0..1. */
static void mean_colour(const struct image *image, const uint32_t block[2], uint32_t y,
                        uint32_t x, double ret[RGB])
{
    for (uint32_t k = 0; k < RGB; k++) {
        uint64_t sum = 0;

        for (uint32_t j = y * block[0]; j < (y + 1) * block[0]; j++)
            for (uint32_t i = x * block[1]; i < (x + 1) * block[1]; i++)
                sum += image->rgb[((size_t)j * image->width + i) * RGB + k];
        ret[k] = (double)sum / 255 / block[0] / block[1];
    }
}

static void add(struct preview *preview, const double x[TERMS], const double y[RGB])
{
    for (uint32_t i = 0; i <= preview->channels; i++) {
        for (uint32_t j = 0; j <= i; j++)
            preview->xx[i][j] += x[i] * x[j];
        for (uint32_t k = 0; k < RGB; k++)
            preview->xy[i][k] += x[i] * y[k];
    }
}

static void fade(struct preview *preview)
{
    for (uint32_t i = 0; i <= preview->channels; i++) {
        for (uint32_t j = 0; j <= i; j++)
            preview->xx[i][j] *= FADE;
        for (uint32_t k = 0; k < RGB; k++)
            preview->xy[i][k] *= FADE;
    }
}

/* xx = l l', lower triangle. */
static void decompose(const struct preview *preview, double l[TERMS][TERMS])
{
    for (uint32_t i = 0; i <= preview->channels; i++)
        for (uint32_t j = 0; j <= i; j++) {
            double sum = preview->xx[i][j];

            if (i == j)
                sum += RIDGE * sum + 1e-9;
            for (uint32_t k = 0; k < j; k++)
                sum -= l[i][k] * l[j][k];
            l[i][j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / l[j][j];
        }
}

static void solve(struct preview *preview)
{
    double l[TERMS][TERMS];
    uint32_t n = preview->channels + 1;

    decompose(preview, l);
    for (uint32_t k = 0; k < RGB; k++) {
        double z[TERMS];

        for (uint32_t i = 0; i < n; i++) {
            z[i] = preview->xy[i][k];
            for (uint32_t j = 0; j < i; j++)
                z[i] -= l[i][j] * z[j];
            z[i] /= l[i][i];
        }
        for (uint32_t i = n; i-- > 0;) {
            for (uint32_t j = i + 1; j < n; j++)
                z[i] -= l[j][i] * z[j];
            z[i] /= l[i][i];
            preview->map[i][k] = z[i];
        }
    }
}

void preview_learn(struct preview *preview, const float *latents, uint32_t h, uint32_t w,
                   const struct image *decoded)
{
    uint32_t block[2] = {decoded->height / h, decoded->width / w};
    double terms[TERMS], colour[RGB];

    fade(preview);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            for (uint32_t c = 0; c < preview->channels; c++)
                terms[c] = (double)latents[((size_t)c * h + y) * w + x];
            terms[preview->channels] = 1;
            mean_colour(decoded, block, y, x, colour);
            add(preview, terms, colour);
        }
    solve(preview);
    preview->ready = true;
}

/* -- using it ---------------------------------------------------------------------------------
 */

static uint8_t colour_at(const struct preview *preview, const float *latents, size_t plane,
                         uint32_t k)
{
    double value = preview->map[preview->channels][k];

    for (uint32_t c = 0; c < preview->channels; c++)
        value += preview->map[c][k] * (double)latents[c * plane];
    return (uint8_t)lrint(fmin(fmax(value, 0), 1) * 255);
}

int preview_make(const struct preview *preview, const float *latents, uint32_t h, uint32_t w,
                 struct image *ret_image, struct err *err)
{
    size_t plane = (size_t)h * w;
    uint8_t *rgb = malloc(plane * RGB);

    if (!rgb)
        return err_set_nomem(err, "a preview");
    for (size_t p = 0; p < plane; p++)
        for (uint32_t k = 0; k < RGB; k++)
            rgb[p * RGB + k] = colour_at(preview, latents + p, plane, k);
    *ret_image = (struct image){.width = w, .height = h, .rgb = rgb};
    return 0;
}

/* Values on a coarse grid, with straight lines between. */
void preview_patch(uint32_t channels, uint32_t h, uint32_t w, float *latents)
{
    enum { GRID = 5 };
    struct torch_random random;
    float grid[GRID * GRID];

    torch_random_seed(&random, 0);
    for (uint32_t c = 0; c < channels; c++) {
        torch_random_normal(&random, grid, sizeof(grid) / sizeof(grid[0]));
        for (uint32_t p = 0; p < h * w; p++) {
            uint32_t row = p / w, column = p % w;
            float y = (float)row / (float)h * (GRID - 1);
            float x = (float)column / (float)w * (GRID - 1);
            const float *at = grid + (size_t)y * GRID + (size_t)x;
            float top = at[0] + (x - floorf(x)) * (at[1] - at[0]);
            float bottom = at[GRID] + (x - floorf(x)) * (at[GRID + 1] - at[GRID]);

            latents[(size_t)c * h * w + p] = top + (y - floorf(y)) * (bottom - top);
        }
    }
}
