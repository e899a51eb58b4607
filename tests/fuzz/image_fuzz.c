/* Everything that lib/image does with a stranger's bytes. What image_check accepts has to
 * decode, and what was decoded has to be written and read again. */
#include <stdlib.h>

#include "lib/image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int r)
{
    if (r < 0)
        abort();
}

static void write_again(const struct image *image, const struct image_metadata_read *read)
{
    OWNED_VALUE(buf) out = {0};
    struct image_metadata metadata = {.parameters = read->parameters,
                                      .source_type = read->source_type,
                                      .software = read->software};
    struct image_info info;
    struct err err = {0};

    if (image_encode_jpeg(image, 80, &metadata, &out, &err) == 0)
        must(image_check(out.data, out.size, NULL, &info, &err));
    else if (err.code != ERR_TOO_LARGE)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct image_limits limits = {.max_side = 4096, .max_pixels = 256L * 1024};
    OWNED_VALUE(image) image = {0}, small = {0};
    OWNED_VALUE(image_metadata_read) read = {0};
    struct image_info info;
    struct err err = {0}, ignored = {0};

    (void)image_read_metadata(data, size, &read, &ignored);
    if (image_check(data, size, &limits, &info, &err) == 0) {
        must(image_decode(data, size, &limits, &image, &err));
        must(image_thumbnail(data, size, &limits, info.width / 3 + 1, &small, &err));
        write_again(&small, &read);
    } else {
        struct err other = {0};

        if (image_decode(data, size, &limits, &image, &other) == 0)
            (void)image_thumbnail(data, size, &limits, 5, &small, &other);
    }
    return 0;
}
