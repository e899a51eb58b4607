/* import_picture.c - see import_picture.h. */
#include "gardenctl/import_picture.h"

#include "lib/base/file.h"
#include "lib/image/image.h"

enum { MAX_FILE = 256 << 20, QUALITY = 92 };

static int convert(const struct buf *file, struct buf *jpeg, struct err *err)
{
    OWNED_VALUE(image) image = {0};
    OWNED_VALUE(image_metadata_read) read = {0};
    struct err ignored = {0};
    struct image_metadata metadata;

    if (image_decode(file->data, file->size, NULL, &image, err) < 0)
        return err->code;
    (void)image_read_metadata(file->data, file->size, &read, &ignored);
    metadata = (struct image_metadata){.parameters = read.parameters,
                                       .source_type = read.source_type,
                                       .software = read.software};
    if (image_encode_jpeg(&image, QUALITY, &metadata, jpeg, err) != ERR_TOO_LARGE)
        return err->code;
    err_clear(err); /* a recipe that is too long for a JPEG is left out */
    return image_encode_jpeg(&image, QUALITY, NULL, jpeg, err);
}

int import_picture_read(const char *path, struct import_picture *ret_picture, struct err *err)
{
    OWNED_VALUE(buf) file = {0}, jpeg = {0};
    struct image_info info;
    bool turned, higher;

    if (file_read(path, MAX_FILE, &file, err) < 0 ||
        image_check(file.data, file.size, NULL, &info, err) < 0)
        return err->code;
    if (info.format != IMAGE_JPEG && convert(&file, &jpeg, err) < 0)
        return err->code;
    turned = info.exif_orientation >= 5;
    higher = turned ? info.width > info.height : info.height > info.width;
    ret_picture->orientation = higher ? 'v' : 'h';
    ret_picture->jpeg = info.format == IMAGE_JPEG ? file : jpeg;
    if (info.format == IMAGE_JPEG)
        file = (struct buf){0};
    else
        jpeg = (struct buf){0};
    sha256_hex(ret_picture->jpeg.data, ret_picture->jpeg.size, ret_picture->sha256);
    return 0;
}

void import_picture_done(struct import_picture *picture)
{
    buf_done(&picture->jpeg);
}
