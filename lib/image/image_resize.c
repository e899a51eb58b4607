/* image_resize.c - resamples a picture, each axis on its own: the average of the area that an
 * output pixel covers where the axis shrinks, Lanczos-3 where it grows.
 *
 * A filter is a table: for each output position the first source position and the weights from
 * there on, which sum to 1. At the edges the weights of positions that do not exist are left
 * out and the rest is scaled up, so that a plain picture stays plain. Source rows are resampled
 * across once, in the order they are needed, into a ring that holds as many rows as one output
 * row needs; so the memory is a few rows, however large the pictures are. */
#include <math.h>
#include <string.h>

#include "lib/image/image_internal.h"

enum { LOBES = 3 };

struct filter {
    uint32_t taps;   /* weights for each output position; unused ones are 0 */
    uint32_t *first; /* owned */
    float *weights;  /* owned: output positions x taps */
};

static void filter_done(struct filter *filter)
{
    free(filter->first);
    free(filter->weights);
}

static double lanczos(double x)
{
    double px = M_PI * x;

    if (fabs(x) < 1e-9)
        return 1;
    if (fabs(x) >= LOBES)
        return 0;
    return LOBES * sin(px) * sin(px / LOBES) / (px * px);
}

/* How much of source position s lies in [from, to). */
static double overlap(double s, double from, double to)
{
    double low = s > from ? s : from, high = s + 1 < to ? s + 1 : to;

    return high > low ? high - low : 0;
}

static void fill_weights(struct filter *filter, uint32_t from, uint32_t to, uint32_t i)
{
    double scale = (double)from / to, center = (i + 0.5) * scale - 0.5, sum = 0;
    bool shrinks = from >= to; /* or stays */
    double start = shrinks ? floor(i * scale) : floor(center) - LOBES + 1;
    uint32_t first = start > 0 ? (uint32_t)start : 0;
    float *weights = filter->weights + (size_t)filter->taps * i;

    if (first > from - 1)
        first = from - 1;
    if (filter->taps > from - first) /* keep every tap inside the picture */
        first = filter->taps >= from ? 0 : from - filter->taps;
    filter->first[i] = first;
    for (uint32_t t = 0; t < filter->taps; t++) {
        double s = (double)first + t;
        double w = shrinks ? overlap(s, i * scale, (i + 1) * scale) : lanczos(s - center);

        weights[t] = (float)w;
        sum += w;
    }
    for (uint32_t t = 0; t < filter->taps; t++)
        weights[t] = (float)(weights[t] / sum);
}

static bool filter_init(struct filter *filter, uint32_t from, uint32_t to)
{
    uint32_t taps = 1;

    if (from > to)
        taps = (uint32_t)ceil((double)from / to) + 1;
    else if (from < to)
        taps = 2 * LOBES;
    if (taps > from)
        taps = from;
    filter->taps = taps;
    filter->first = calloc(to, sizeof *filter->first);
    filter->weights = calloc((size_t)to * taps, sizeof *filter->weights);
    if (!filter->first || !filter->weights)
        return false;
    for (uint32_t i = 0; i < to; i++)
        fill_weights(filter, from, to, i);
    return true;
}

static void resample_row(const struct filter *filter, const uint8_t *from, uint32_t to_width,
                         float *to)
{
    for (uint32_t x = 0; x < to_width; x++) {
        const uint8_t *p = from + (size_t)RGB * filter->first[x];
        const float *weights = filter->weights + (size_t)filter->taps * x;
        float r = 0, g = 0, b = 0;

        for (uint32_t t = 0; t < filter->taps; t++, p += RGB) {
            r += weights[t] * (float)p[0];
            g += weights[t] * (float)p[1];
            b += weights[t] * (float)p[2];
        }
        *to++ = r;
        *to++ = g;
        *to++ = b;
    }
}

static uint8_t to_byte(float value)
{
    if (value <= 0)
        return 0;
    return value >= 255 ? 255 : (uint8_t)lrintf(value);
}

/* The filters and rows of one resize. */
struct resizer {
    struct filter across, down;
    float *ring; /* owned: down.taps rows */
    float *sum;  /* owned: a row */
};

static void resizer_done(struct resizer *resizer)
{
    filter_done(&resizer->across);
    filter_done(&resizer->down);
    free(resizer->ring);
    free(resizer->sum);
}

static void resize_rows(struct resizer *resizer, const struct image *from, struct image *to)
{
    size_t row_size = (size_t)RGB * to->width;
    uint32_t taps = resizer->down.taps, next_row = 0;

    for (uint32_t y = 0; y < to->height; y++) {
        uint32_t first = resizer->down.first[y];
        const float *weights = resizer->down.weights + (size_t)taps * y;
        uint8_t *out = to->rgb + row_size * y;

        if (next_row < first)
            next_row = first;
        for (; next_row < first + taps; next_row++)
            resample_row(&resizer->across, from->rgb + (size_t)RGB * from->width * next_row,
                         to->width, resizer->ring + row_size * (next_row % taps));
        memset(resizer->sum, 0, row_size * sizeof *resizer->sum);
        for (uint32_t t = 0; t < taps; t++) {
            const float *row = resizer->ring + row_size * ((first + t) % taps);

            for (size_t i = 0; i < row_size; i++)
                resizer->sum[i] += weights[t] * row[i];
        }
        for (size_t i = 0; i < row_size; i++)
            out[i] = to_byte(resizer->sum[i]);
    }
}

static int resize_into(struct resizer *resizer, const struct image *from, struct image *to,
                       struct err *err)
{
    size_t row_size = (size_t)RGB * to->width;

    if (!filter_init(&resizer->across, from->width, to->width) ||
        !filter_init(&resizer->down, from->height, to->height))
        return err_set_nomem(err, "resizing a picture");
    resizer->ring = calloc(row_size * resizer->down.taps, sizeof *resizer->ring);
    resizer->sum = calloc(row_size, sizeof *resizer->sum);
    if (!resizer->ring || !resizer->sum)
        return err_set_nomem(err, "resizing a picture");
    resize_rows(resizer, from, to);
    return 0;
}

int image_resize(const struct image *from, uint32_t width, uint32_t height,
                 struct image *ret_image, struct err *err)
{
    struct resizer resizer = {0};
    struct image to = {0};
    int r;

    if (width == 0 || height == 0 || from->width == 0 || from->height == 0)
        return err_set(err, ERR_INVALID, "a picture of %u x %u cannot be made %u x %u",
                       from->width, from->height, width, height);
    r = image_alloc(width, height, RGB, &to, err);
    if (r == 0)
        r = resize_into(&resizer, from, &to, err);
    resizer_done(&resizer);
    if (r < 0)
        image_done(&to);
    else
        *ret_image = to;
    return r;
}
