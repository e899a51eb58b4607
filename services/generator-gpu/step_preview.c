/* step_preview.c - see step_preview.h. */
#include "services/generator-gpu/step_preview.h"

#include "lib/crypto/crypto.h"
#include "proto/generation_event.h"

enum { QUALITY = 75 };

/* RFC 4648's usual alphabet, as data: URLs have it. */
static void append_base64(struct buf *out, const struct buf *bytes)
{
    char *text = buf_reserve(out, 4 * ((bytes->size + 2) / 3) + 1);
    size_t size;

    if (!text)
        return;
    base64url_encode(bytes->data, bytes->size, text);
    for (size = 0; text[size]; size++)
        if (text[size] == '-')
            text[size] = '+';
        else if (text[size] == '_')
            text[size] = '/';
    out->size += size;
    for (; size % 4; size++)
        buf_append_char(out, '=');
}

int step_preview_encode(const struct image *image, struct buf *out, struct err *err)
{
    OWNED_VALUE(buf) jpeg = {0};

    if (image_encode_jpeg(image, QUALITY, NULL, &jpeg, err) < 0)
        return err->code;
    if (jpeg.size > (size_t)GENERATION_PREVIEW_MAX / 4 * 3)
        return err_set(err, ERR_TOO_LARGE, "%ux%u takes %zu bytes", image->width, image->height,
                       jpeg.size);
    append_base64(out, &jpeg);
    return buf_ok(out) ? 0 : err_set_nomem(err, "a preview");
}
