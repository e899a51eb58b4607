/* face_picture.c - see face_picture.h. */
#include "services/emotion/face_picture.h"

#include "lib/base/secret.h"
#include "lib/image/image.h"

enum {
    PIXEL = 4,
    /* All levels together: 1 + 1/4 + 1/16 ... is below 4/3; halves are rounded up. */
    LEVELS_SIZE = PIXEL * (PICTURE_PIXELS / 3 * 4 + 256 * 1024),
};

int face_picture_init(struct face_picture *picture, struct err *err)
{
    size_t size = sizeof *picture->crops + LEVELS_SIZE;

    *picture = (struct face_picture){.memory = secret_alloc(size, NULL), .memory_size = size};
    if (!picture->memory)
        return err_set_nomem(err, "pictures");
    picture->crops = (struct face_crops *)(picture->memory + LEVELS_SIZE);
    return 0;
}

void face_picture_done(struct face_picture *picture)
{
    secret_free(picture->memory, picture->memory_size);
    *picture = (struct face_picture){0};
}

int face_picture_read(struct face_picture *picture, const void *file, size_t size,
                      uint64_t max_pixels, struct err *err)
{
    struct image_limits limits = {.max_pixels = max_pixels};
    struct image_room room = {picture->memory, PICTURE_PIXELS};
    struct image_rgbx image;
    int r;

    picture->used = (size_t)PIXEL * PICTURE_PIXELS; /* until it is known better */
    r = image_decode_into(file, size, &limits, room, &image, err);
    if (r < 0)
        return r;
    picture->width = image.width;
    picture->height = image.height;
    picture->full_width = image.full_width;
    picture->full_height = image.full_height;
    picture->levels[0] = (struct face_level){image.width, image.height, image.rgbx};
    picture->used = (size_t)PIXEL * image.width * image.height;
    return 0;
}

/* The averages of 2 x 2; at an odd edge the last one counts twice. */
static void halve_row(const uint8_t *upper, const uint8_t *lower, uint32_t width, uint8_t *to)
{
    uint32_t pairs = width / 2;

    for (size_t x = 0; x < pairs; x++) {
        for (size_t c = 0; c < PIXEL; c++) {
            size_t at = (size_t)2 * PIXEL * x + c;

            to[PIXEL * x + c] =
                (uint8_t)((upper[at] + upper[at + PIXEL] + lower[at] + lower[at + PIXEL] + 2) /
                          4);
        }
    }
    if (width % 2)
        for (size_t c = 0; c < PIXEL; c++) {
            size_t at = (size_t)PIXEL * (width - 1) + c;

            to[PIXEL * (size_t)pairs + c] = (uint8_t)((upper[at] + lower[at] + 1) / 2);
        }
}

static void halve(const struct face_level *from, const struct face_level *to)
{
    size_t row = (size_t)PIXEL * from->width;

    for (uint32_t y = 0; y < to->height; y++) {
        const uint8_t *upper = from->rgbx + row * 2 * y;

        halve_row(upper, 2 * y + 1 < from->height ? upper + row : upper, from->width,
                  to->rgbx + (size_t)PIXEL * to->width * y);
    }
}

const struct face_level *face_picture_level(struct face_picture *picture, int *level)
{
    int i = 0;

    while (i < *level && i + 1 < PICTURE_LEVELS) {
        const struct face_level *from = &picture->levels[i];
        struct face_level *to = &picture->levels[i + 1];

        if (from->width == 1 && from->height == 1)
            break;
        if (!to->rgbx) {
            to->width = (from->width + 1) / 2;
            to->height = (from->height + 1) / 2;
            to->rgbx = picture->memory + picture->used;
            picture->used += (size_t)PIXEL * to->width * to->height;
            halve(from, to);
        }
        i++;
    }
    *level = i;
    return &picture->levels[i];
}

void face_picture_wipe(struct face_picture *picture)
{
    secret_wipe(picture->memory, picture->used);
    secret_wipe(picture->crops, sizeof *picture->crops);
    for (int i = 0; i < PICTURE_LEVELS; i++)
        picture->levels[i] = (struct face_level){0};
    picture->used = 0;
}
