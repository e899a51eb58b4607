/* lookalike.c - see lookalike.h. */
#include "tests/support/lookalike.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/image/image.h"
#include "tests/support/process.h"

#define STARTER "models/starter-garden/pictures/"

static const char *const paths[LOOKALIKE_PAINTINGS] = {
    STARTER "happy/starter-spring_0h.jpeg", STARTER "happy/starter-summer_4h.jpeg",
    STARTER "happy/starter-autumn_8h.jpeg", STARTER "happy/starter-winter_12h.jpeg"};

void lookalike_paint(int painting, int quality, struct buf *ret_file)
{
    OWNED_VALUE(buf) file = {0};
    OWNED_VALUE(image) image = {0};
    struct err err = {0};

    if (quality == 0) {
        file_load(paths[painting], ret_file);
        return;
    }
    file_load(paths[painting], &file);
    if (image_decode(file.data, file.size, NULL, &image, &err) < 0 ||
        image_encode_jpeg(&image, quality, NULL, ret_file, &err) < 0)
        test_fail("%s: %s", paths[painting], err.text);
}

struct item_event lookalike_event(const char *key, const struct buf *file,
                                  char sha256[SHA256_HEX])
{
    static char search_key[KEY_BYTES];
    struct err err = {0};
    struct key parts;

    if (key_parse(key, strlen(key), &parts, &err) < 0 ||
        text_copy(search_key, sizeof search_key, parts.search_key) < 0)
        test_fail("%s: %s", key, err.text);
    sha256_hex(file->data ? file->data : "", file->size, sha256);
    return (struct item_event){.item_id = key,
                               .timestamp_ms = clock_wall_ms(),
                               .emotion = search_key,
                               .orientation = parts.orientation,
                               .width = 768,
                               .height = 480,
                               .size_bytes = file->size,
                               .sha256 = sha256};
}
