/* look.c - see look.h. */
#include "lib/image/look.h"

#include <math.h>
#include <stdlib.h>

enum {
    GRID = 32,        /* the picture is brought to GRID x GRID */
    WAVES = 11,       /* each way; among the first 64 none is higher */
    ROOM = 128 * 128, /* pixels: more than the grid needs, little to compute */
    LIGHT_BITS = 64,
    COLOUR_BITS = 32,
    STRUCTURE = 16, /* waves of brightness that a picture has at least */
};
#define WEAKEST 0.25 /* root mean square of a wave, in levels of 0 to 255 */

/* One kind of colour difference, or brightness, over the picture. */
struct plane {
    double at[GRID][GRID];
};

struct planes {
    struct plane light, blue, red;
    double cosine[WAVES][GRID];
    uint8_t pixels[4 * ROOM];
};

static void fill_cosines(double cosine[WAVES][GRID])
{
    for (int wave = 0; wave < WAVES; wave++)
        for (int i = 0; i < GRID; i++)
            cosine[wave][i] = cos(M_PI * (2 * i + 1) * wave / (2.0 * GRID));
}

/* -- pixels to the grid -- */

/* How much of pixel i lies in [from, to). */
static double overlap(uint32_t i, double from, double to)
{
    return fmin(to, i + 1.0) - fmax(from, i);
}

static uint32_t last_of(double end, uint32_t length)
{
    const uint32_t last = (uint32_t)ceil(end);

    return last < length ? last : length;
}

/* The average of the part of the picture that a cell covers. */
static void fill_cell(struct planes *planes, const struct image_rgbx *image, int row, int col)
{
    const double left = (double)image->width * col / GRID;
    const double right = (double)image->width * (col + 1) / GRID;
    const double top = (double)image->height * row / GRID;
    const double bottom = (double)image->height * (row + 1) / GRID;
    double sums[3] = {0}, area = 0;

    for (uint32_t y = (uint32_t)top; y < last_of(bottom, image->height); y++) {
        for (uint32_t x = (uint32_t)left; x < last_of(right, image->width); x++) {
            const uint8_t *pixel = image->rgbx + 4 * ((size_t)y * image->width + x);
            const double part = overlap(x, left, right) * overlap(y, top, bottom);

            for (int c = 0; c < 3; c++)
                sums[c] += part * pixel[c];
            area += part;
        }
    }
    for (int c = 0; c < 3; c++)
        sums[c] /= area;
    planes->light.at[row][col] = 0.299 * sums[0] + 0.587 * sums[1] + 0.114 * sums[2];
    planes->blue.at[row][col] = sums[2] - (sums[0] + sums[1]) / 2;
    planes->red.at[row][col] = sums[0] - sums[1];
}

/* -- the grid to waves -- */

static double wave_of(const struct planes *planes, const struct plane *plane, int down,
                      int across)
{
    const double scale = (down ? M_SQRT2 : 1) * (across ? M_SQRT2 : 1) / (GRID * GRID);
    double sum = 0;

    for (int y = 0; y < GRID; y++) {
        double row = 0;

        for (int x = 0; x < GRID; x++)
            row += plane->at[y][x] * planes->cosine[across][x];
        sum += row * planes->cosine[down][y];
    }
    return sum * scale;
}

/* The signs of the first waves, the longest ones first, without the average; *ret_strong: how
 * many are not weak. */
static uint64_t find_bits(const struct planes *planes, const struct plane *plane, int count,
                          int *ret_strong)
{
    uint64_t bits = 0;
    int filled = 0, strong = 0;

    for (int order = 1; filled < count; order++) {
        for (int down = 0; down <= order && filled < count; down++) {
            const double wave = wave_of(planes, plane, down, order - down);

            bits |= (uint64_t)(wave > WEAKEST) << filled++;
            strong += fabs(wave) > WEAKEST;
        }
    }
    *ret_strong = strong;
    return bits;
}

static int look_at(struct planes *planes, const struct image_rgbx *image,
                   struct image_look *ret_look, struct err *err)
{
    struct image_look look;
    int strong, unused;

    fill_cosines(planes->cosine);
    for (int row = 0; row < GRID; row++)
        for (int col = 0; col < GRID; col++)
            fill_cell(planes, image, row, col);
    look.light = find_bits(planes, &planes->light, LIGHT_BITS, &strong);
    if (strong < STRUCTURE)
        return err_set(err, ERR_INVALID,
                       "the picture is next to plain: there is nothing to know it by");
    look.colour = find_bits(planes, &planes->blue, COLOUR_BITS, &unused);
    look.colour |= find_bits(planes, &planes->red, COLOUR_BITS, &unused) << COLOUR_BITS;
    *ret_look = look;
    return 0;
}

int image_look(const void *data, size_t size, const struct image_limits *limits,
               struct image_look *ret_look, struct err *err)
{
    struct planes *planes = malloc(sizeof *planes);
    struct image_room room = {.pixels = ROOM};
    struct image_rgbx image;
    int r;

    if (!planes)
        return err_set_nomem(err, "a picture's look");
    room.memory = planes->pixels;
    r = image_decode_into(data, size, limits, room, &image, err);
    if (r == 0)
        r = look_at(planes, &image, ret_look, err);
    free(planes);
    return r;
}
