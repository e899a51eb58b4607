/* faces.c - see faces.h. */
#include "tests/support/faces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"

enum { RGB = 3, GREY = 128, FILE_MAX_SIZE = 8 << 20, QUALITY = 92 };

static void must(int r, const struct err *err)
{
    if (r >= 0)
        return;
    (void)printf("# faces: %s\n", err->text);
    exit(EXIT_FAILURE);
}

const char *faces_folder(void)
{
    return getenv("TEST_FACES");
}

static struct buf read_file(const char *path)
{
    struct buf file = {0};
    struct err err = {0};

    must(file_read(path, FILE_MAX_SIZE, &file, &err), &err);
    return file;
}

struct buf faces_file(const char *name)
{
    struct buf path = {0}, file;

    buf_printf(&path, "%s/%s", faces_folder(), name);
    file = read_file(buf_text(&path));
    buf_done(&path);
    return file;
}

static struct image decode(struct buf file)
{
    struct image image;
    struct err err = {0};

    must(image_decode(file.data, file.size, NULL, &image, &err), &err);
    buf_done(&file);
    return image;
}

struct image faces_picture(const char *name)
{
    return decode(faces_file(name));
}

struct image faces_picture_at(const char *path)
{
    return decode(read_file(path));
}

struct buf faces_jpeg(const struct image *image, int quality)
{
    struct buf file = {0};
    struct err err = {0};

    must(image_encode_jpeg(image, quality, NULL, &file, &err), &err);
    return file;
}

static struct image new_picture(uint32_t width, uint32_t height)
{
    size_t size = (size_t)RGB * width * height;
    struct image image = {width, height, malloc(size)};
    struct err err = {0};

    if (!image.rgb) {
        must(err_set_nomem(&err, "a picture"), &err);
        exit(EXIT_FAILURE);
    }
    memset(image.rgb, GREY, size);
    return image;
}

static uint8_t *pixel_at(const struct image *image, uint32_t x, uint32_t y)
{
    return image->rgb + RGB * ((size_t)y * image->width + x);
}

struct image faces_mirrored(const struct image *image)
{
    struct image to = new_picture(image->width, image->height);

    for (uint32_t y = 0; y < to.height; y++)
        for (uint32_t x = 0; x < to.width; x++)
            memcpy(pixel_at(&to, x, y), pixel_at(image, to.width - 1 - x, y), RGB);
    return to;
}

/* Where the upright picture's pixel is in the stored one of that size. EXIF says of each
 * number which sides the first row and the first column are. */
static void stored_place(int orientation, const struct image *stored, uint32_t at[2])
{
    bool columns = orientation >= 5;
    uint32_t x = columns ? at[1] : at[0], y = columns ? at[0] : at[1];
    bool from_right =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool from_below =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;

    at[0] = from_right ? stored->width - 1 - x : x;
    at[1] = from_below ? stored->height - 1 - y : y;
}

struct buf faces_jpeg_turned(const struct image *image, int orientation)
{
    const char exif[] = "\xff\xe1\0\x22"
                        "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0";
    const char rest[6] = {0};
    bool columns = orientation >= 5;
    struct image stored = new_picture(columns ? image->height : image->width,
                                      columns ? image->width : image->height);
    struct buf plain, file = {0};

    for (uint32_t y = 0; y < image->height; y++) {
        for (uint32_t x = 0; x < image->width; x++) {
            uint32_t at[2] = {x, y};

            stored_place(orientation, &stored, at);
            memcpy(pixel_at(&stored, at[0], at[1]), pixel_at(image, x, y), RGB);
        }
    }
    plain = faces_jpeg(&stored, QUALITY);
    buf_append(&file, plain.data, 2);
    buf_append(&file, exif, sizeof exif - 1);
    buf_append_char(&file, (char)orientation);
    buf_append(&file, rest, sizeof rest);
    buf_append(&file, plain.data + 2, plain.size - 2);
    buf_done(&plain);
    image_done(&stored);
    return file;
}

struct image faces_scaled(const struct image *image, float scale)
{
    struct image to;
    struct err err = {0};

    must(image_resize(image, (uint32_t)((float)image->width * scale),
                      (uint32_t)((float)image->height * scale), &to, &err),
         &err);
    return to;
}

struct image faces_collage(const struct image *images, size_t count, uint32_t columns,
                           uint32_t rows)
{
    uint32_t width = images[0].width, height = images[0].height;
    struct image to = new_picture(columns * width, rows * height);

    for (uint32_t y = 0; y < to.height; y++) {
        for (uint32_t x = 0; x < to.width; x++) {
            const struct image *from = &images[(y / height * columns + x / width) % count];

            if (x % width < from->width && y % height < from->height)
                memcpy(pixel_at(&to, x, y), pixel_at(from, x % width, y % height), RGB);
        }
    }
    return to;
}

struct image faces_cut(const struct image *image, int left, int top, uint32_t width,
                       uint32_t height)
{
    struct image to = new_picture(width, height);

    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            int from_x = (int)x + left, from_y = (int)y + top;

            if (from_x >= 0 && from_y >= 0 && from_x < (int)image->width &&
                from_y < (int)image->height)
                memcpy(pixel_at(&to, x, y), pixel_at(image, (uint32_t)from_x, (uint32_t)from_y),
                       RGB);
        }
    }
    return to;
}
