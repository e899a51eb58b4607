/* face_traits.c - see face_traits.h. */
#include "services/emotion/face_traits.h"

#include <math.h>
#include <string.h>

enum {
    SIDE = LIGHT_SIDE,
    BINS_A_STEP = 4, /* of luma, for medians */
    BINS = 256 * BINS_A_STEP,
    DARKEST = 20,    /* cheeks are never taken for darker: else noise would grow */
    EDGE = 2,        /* rows up and down that an edge on the nose is taken over */
    CORNERS_MAX = 16 /* of a polygon */
};

/* Parts of a face as polygons between points of the mesh. */
struct part {
    size_t count;
    unsigned short corners[CORNERS_MAX];
};

static const struct part cheeks[] = {
    {6, {50, 123, 187, 205, 36, 101}},
    {6, {280, 352, 411, 425, 266, 330}},
};
static const struct part upper_lip[] = {
    {8, {92, 165, 167, 164, 0, 37, 39, 40}},
    {8, {164, 393, 391, 322, 270, 269, 267, 0}},
};
static const struct part chin[] = {
    {14, {106, 182, 83, 18, 313, 406, 335, 369, 400, 377, 152, 148, 176, 140}},
};
static const struct part jaws[] = {
    {7, {212, 214, 138, 135, 169, 170, 211}},
    {7, {432, 434, 367, 364, 394, 395, 431}},
};
static const struct part eyes[] = {
    {16, {33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7}},
    {16, {362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382}},
};

/* What is known of some pixels. */
struct sums {
    size_t count;
    float luma, roughness; /* of all */
    unsigned bins[BINS];   /* how many pixels of which luma */
};

struct view {
    const float *light;
    const float (*points)[2];
};

static float luma_at(const float *light, int x, int y)
{
    return light[(size_t)y * SIDE + (size_t)x];
}

/* x and y at least 1 from the edge */
static void add_pixel(struct sums *sums, const float *light, int x, int y)
{
    float luma = luma_at(light, x, y);
    float across = luma_at(light, x + 1, y) - luma_at(light, x - 1, y);
    float down = luma_at(light, x, y + 1) - luma_at(light, x, y - 1);
    int bin = (int)(luma * BINS_A_STEP);

    sums->count++;
    sums->luma += luma;
    sums->roughness += sqrtf(across * across + down * down);
    sums->bins[bin < 0 ? 0 : bin < BINS ? bin : BINS - 1]++;
}

static float mean(float sum, size_t count)
{
    return count ? sum / (float)count : 0;
}

static float median(const struct sums *sums)
{
    size_t below = 0, bin = 0;

    while (bin < BINS - 1 && below + sums->bins[bin] <= sums->count / 2)
        below += sums->bins[bin++];
    return ((float)bin + 0.5F) / BINS_A_STEP;
}

static int clamp(float x)
{
    if (!(x > 1)) /* NaN, too */
        return 1;
    return x < SIDE - 2 ? (int)x : SIDE - 2;
}

/* Crossings of a ray to the right are odd in number. */
static bool is_inside(const struct view *view, const struct part *part, float x, float y)
{
    bool inside = false;

    for (size_t i = 0, j = part->count - 1; i < part->count; j = i++) {
        const float *a = view->points[part->corners[i]], *b = view->points[part->corners[j]];

        if ((a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0])
            inside = !inside;
    }
    return inside;
}

static void add_part(struct sums *sums, const struct view *view, const struct part *part)
{
    float low[2] = {SIDE, SIDE}, high[2] = {0, 0};

    for (size_t i = 0; i < part->count; i++) {
        for (size_t k = 0; k < 2; k++) {
            low[k] = fminf(low[k], view->points[part->corners[i]][k]);
            high[k] = fmaxf(high[k], view->points[part->corners[i]][k]);
        }
    }
    for (int y = clamp(floorf(low[1])); y <= clamp(ceilf(high[1])); y++)
        for (int x = clamp(floorf(low[0])); x <= clamp(ceilf(high[0])); x++)
            if (is_inside(view, part, (float)x + 0.5F, (float)y + 0.5F))
                add_pixel(sums, view->light, x, y);
}

static struct sums look_at(const struct view *view, const struct part *parts, size_t count)
{
    struct sums sums = {0};

    for (size_t i = 0; i < count; i++)
        add_part(&sums, view, &parts[i]);
    return sums;
}

#define LOOK_AT(view_, parts_) look_at(view_, parts_, sizeof(parts_) / sizeof *(parts_))

static void middle_of(const struct view *view, const struct part *part, float ret[2])
{
    ret[0] = ret[1] = 0;
    for (size_t i = 0; i < part->count; i++)
        for (size_t k = 0; k < 2; k++)
            ret[k] += view->points[part->corners[i]][k] / (float)part->count;
}

/* The mean step from above to below at a height, over the nose's width. */
static float edge_at(const struct view *view, float x, float y, float half)
{
    int row = (int)lrintf(y);
    float sum = 0;
    size_t count = 0;

    for (int i = 0; i <= (int)(2 * half); i++) {
        int column = (int)lrintf(x - half + (float)i);

        if (column < 1 || row < EDGE || column > SIDE - 2 || row > SIDE - 1 - EDGE)
            continue;
        sum +=
            luma_at(view->light, column, row + EDGE) - luma_at(view->light, column, row - EDGE);
        count++;
    }
    return mean(sum, count);
}

/* middle: between the eyes, which are distance apart. */
static float bridge_of(const struct view *view, const float middle[2], float distance)
{
    float top = middle[1] - 0.25F * distance, half = 0.10F * distance;
    float low = edge_at(view, middle[0], top, half), high = low;

    for (int i = 1; i <= (int)(0.60F * distance); i++) {
        float edge = edge_at(view, middle[0], top + (float)i, half);

        low = fminf(low, edge);
        high = fmaxf(high, edge);
    }
    return high - low;
}

static void add_lens(struct sums *sums, const struct view *view, const float eye[2],
                     float distance)
{
    float a = 0.33F * distance, b = 0.24F * distance;

    for (int y = clamp(roundf(eye[1] - 0.22F * distance));
         y <= clamp(eye[1] + 0.25F * distance); y++) {
        for (int x = clamp(roundf(eye[0] - a)); x <= clamp(eye[0] + a); x++) {
            float u = ((float)x - eye[0]) / a, v = ((float)y - eye[1]) / b;

            if (u * u + v * v <= 1)
                add_pixel(sums, view->light, x, y);
        }
    }
}

static void look_at_eyes(const struct view *view, struct face_traits *traits)
{
    struct sums lenses = {0};
    float right[2], left[2], middle[2], distance;

    middle_of(view, &eyes[0], right);
    middle_of(view, &eyes[1], left);
    for (size_t k = 0; k < 2; k++)
        middle[k] = (right[k] + left[k]) / 2;
    distance = hypotf(left[0] - right[0], left[1] - right[1]);
    if (!(distance < SIDE)) /* no eyes are so far apart; NaN */
        distance = 0;
    add_lens(&lenses, view, right, distance);
    add_lens(&lenses, view, left, distance);
    traits->lenses = median(&lenses);
    traits->bridge = bridge_of(view, middle, distance);
}

/* Of the middle two thirds, where the face is. Sharpness: how much a pixel differs from the
 * mean of its four neighbours, 50 where that is a hundredth of the luma. */
static void look_at_light(const float *light, struct face_traits *traits)
{
    float sum = 0, rough = 0, share;
    size_t count = 0;

    for (int y = SIDE / 6; y < SIDE - SIDE / 6; y++) {
        for (int x = SIDE / 6; x < SIDE - SIDE / 6; x++) {
            float here = luma_at(light, x, y);

            sum += here;
            rough += fabsf(here - (luma_at(light, x - 1, y) + luma_at(light, x + 1, y) +
                                   luma_at(light, x, y - 1) + luma_at(light, x, y + 1)) /
                                      4);
            count++;
        }
    }
    share = rough / fmaxf(sum, (float)count) * 100;
    traits->brightness = mean(sum, count) * 100 / 255;
    traits->sharpness = 100 * share / (share + 1);
}

struct face_traits face_traits_of(const float *light, const float points[MESH_POINTS][2])
{
    struct view view = {light, points};
    struct sums cheek = LOOK_AT(&view, cheeks), lip = LOOK_AT(&view, upper_lip);
    struct sums chins = LOOK_AT(&view, chin), jaw = LOOK_AT(&view, jaws);
    float skin = fmaxf(median(&cheek), DARKEST);
    float smooth = mean(cheek.roughness, cheek.count) / skin;
    struct face_traits traits = {0};

    look_at_light(light, &traits);
    look_at_eyes(&view, &traits);
    traits.lenses /= skin;
    traits.bridge /= skin;
    traits.beard = mean(chins.roughness, chins.count) / skin +
                   mean(jaw.roughness, jaw.count) / skin - 2 * smooth;
    traits.mustache =
        2 * (mean(lip.roughness, lip.count) / skin - smooth) - mean(lip.luma, lip.count) / skin;
    return traits;
}

struct face_traits face_traits_measure(struct face_picture *picture, int threads,
                                       const struct face_mesh *mesh)
{
    float *rgb = picture->crops->light_rgb, *light = picture->crops->light;
    float points[MESH_POINTS][2];

    face_warp(picture, &mesh->square, SIDE, threads, rgb);
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
        light[i] = 0.299F * rgb[3 * i] + 0.587F * rgb[3 * i + 1] + 0.114F * rgb[3 * i + 2];
    face_mesh_in_crop(mesh, &mesh->square, SIDE, points);
    return face_traits_of(light, points);
}
