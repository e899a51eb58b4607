/* face_warp.c - see face_warp.h.
 *
 * The level is taken on which a pixel of the result covers one to two pixels a side; there it
 * is the mean of 2 x 2 interpolated points. Places are fixed-point numbers with 16 bits of
 * fraction, relative to the middle of the picture's first pixel. */
#include "services/emotion/face_warp.h"

#include <math.h>
#include <string.h>

#include "lib/nn/parallel.h"

enum { PIXEL = 4, ONE = 1 << 16, SHIFT = 16, BAND = 16 /* rows of a task */ };

typedef float float4 __attribute__((vector_size(16)));
typedef uint8_t byte4 __attribute__((vector_size(4)));

struct job {
    const struct face_level *level;
    float *out;
    uint32_t pixels, points; /* a side; points of a pixel a side */
    int64_t start_x, start_y;
    int64_t step_x[2], step_y[2];  /* from a point to the next: across, down */
    uint32_t seen_x[2], seen_y[2]; /* pixels from .. to that are not black */
};

static inline float4 pixel_at(const uint8_t *p)
{
    byte4 bytes;

    memcpy(&bytes, p, sizeof bytes);
    return __builtin_convertvector(bytes, float4);
}

static float4 pixel_or_black(const struct face_level *level, int64_t x, int64_t y)
{
    if (x < 0 || y < 0 || (uint32_t)x >= level->width || (uint32_t)y >= level->height)
        return (float4){0};
    return pixel_at(level->rgbx + PIXEL * ((size_t)y * level->width + (size_t)x));
}

static inline float4 mix(float4 a, float4 b, float share)
{
    return a + (b - a) * share;
}

static inline float4 point_at(const struct face_level *level, int64_t x, int64_t y)
{
    int64_t left = x >> SHIFT, top = y >> SHIFT;
    float fx = (float)(x & (ONE - 1)) / ONE, fy = (float)(y & (ONE - 1)) / ONE;
    size_t row = (size_t)PIXEL * level->width;
    const uint8_t *p;

    if (left < 0 || top < 0 || (uint32_t)left + 1 >= level->width ||
        (uint32_t)top + 1 >= level->height) {
        float4 upper =
            mix(pixel_or_black(level, left, top), pixel_or_black(level, left + 1, top), fx);
        float4 lower = mix(pixel_or_black(level, left, top + 1),
                           pixel_or_black(level, left + 1, top + 1), fx);

        return mix(upper, lower, fy);
    }
    p = level->rgbx + row * (size_t)top + (size_t)PIXEL * (size_t)left;
    return mix(mix(pixel_at(p), pixel_at(p + PIXEL), fx),
               mix(pixel_at(p + row), pixel_at(p + row + PIXEL), fx), fy);
}

static float4 mean_of_points(const struct job *job, uint32_t i, uint32_t j)
{
    float4 sum = {0};
    int64_t n = (int64_t)job->points;

    for (int64_t v = (int64_t)j * n; v < ((int64_t)j + 1) * n; v++) {
        int64_t x = job->start_x + v * job->step_x[1] + (int64_t)i * n * job->step_x[0];
        int64_t y = job->start_y + v * job->step_y[1] + (int64_t)i * n * job->step_y[0];

        for (int64_t u = 0; u < n; u++) {
            sum += point_at(job->level, x, y);
            x += job->step_x[0];
            y += job->step_y[0];
        }
    }
    return sum / (float)(n * n);
}

static void warp_rows(void *ctx, size_t task, int thread)
{
    const struct job *job = ctx;
    uint32_t first = (uint32_t)task * BAND, end = first + BAND;

    (void)thread;
    for (uint32_t j = first; j < end && j < job->pixels; j++) {
        float *out = job->out + (size_t)j * job->pixels * 3;
        bool row_seen = j >= job->seen_y[0] && j < job->seen_y[1];

        memset(out, 0, sizeof *out * job->pixels * 3);
        for (uint32_t i = job->seen_x[0]; row_seen && i < job->seen_x[1]; i++) {
            float4 mean = mean_of_points(job, i, j);

            out[3 * (size_t)i] = mean[0];
            out[3 * (size_t)i + 1] = mean[1];
            out[3 * (size_t)i + 2] = mean[2];
        }
    }
}

/* Which of the pixels have their middle in the middle length of side. */
static void set_seen(uint32_t ret_seen[2], uint32_t pixels, float length, float side)
{
    float edge = (1 - length / side) / 2 * (float)pixels - 0.5F;

    ret_seen[0] = edge > 0 ? (uint32_t)ceilf(fminf(edge, (float)pixels / 2)) : 0;
    ret_seen[1] = pixels - ret_seen[0];
}

static int64_t fixed(double x)
{
    const double most = 1e6; /* far outside of any picture */

    if (!(x > -most)) /* NaN, too */
        x = -most;
    return lrint((x < most ? x : most) * ONE);
}

static void set_steps(struct job *job, const struct face_region *region, double scale)
{
    double count = (double)job->pixels * job->points, half = count / 2 - 0.5;
    double step = region->side * scale / count;
    double right = region->mirrored ? -step : step;
    double c = cos((double)region->angle), s = sin((double)region->angle);

    job->step_x[0] = fixed(c * right);
    job->step_x[1] = fixed(-s * step);
    job->step_y[0] = fixed(s * right);
    job->step_y[1] = fixed(c * step);
    job->start_x = fixed(region->x * scale - 0.5 - half * (c * right - s * step));
    job->start_y = fixed(region->y * scale - 0.5 - half * (s * right + c * step));
}

void face_warp(struct face_picture *picture, const struct face_region *region, uint32_t pixels,
               int threads, float *out)
{
    struct job job = {.pixels = pixels};

    float shrink = region->side / (float)pixels;
    int level = shrink >= 2 ? ilogbf(shrink) : 0;

    job.out = out;
    job.level = face_picture_level(picture, &level);
    job.points = shrink > 1 ? 2 : 1;
    set_steps(&job, region, 1.0 / (1 << level));
    set_seen(job.seen_x, pixels, region->width, region->side);
    set_seen(job.seen_y, pixels, region->height, region->side);
    parallel_for(threads, (pixels + BAND - 1) / BAND, warp_rows, &job);
}

void face_mirror(const float *from, uint32_t pixels, float *to)
{
    for (size_t row = 0; row < pixels; row++) {
        const float *line = from + row * pixels * 3;

        for (size_t i = 0; i < pixels; i++)
            memcpy(to + 3 * (row * pixels + i), line + 3 * (pixels - 1 - i), 3 * sizeof *to);
    }
}
