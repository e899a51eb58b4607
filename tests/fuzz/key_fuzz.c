/* key_fuzz.c - a key that is taken apart goes together again as the same key. */
#include "proto/key.h"

#include <stdint.h>

#include "lib/base/text.h"
#include "proto/sequencer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sequencer(const char *text)
{
    char normal[OBJECT_SEQUENCER], again[OBJECT_SEQUENCER];
    struct err err = {0};

    if (object_sequencer(text, normal, &err) == 0 && *normal &&
        (object_sequencer(normal, again, &err) < 0 || strcmp(normal, again) != 0))
        abort();
}

static void check_round_trip(const char *text, size_t size)
{
    char formatted[KEY_BYTES], moved[KEY_BYTES], back[KEY_BYTES];
    struct err err = {0};
    struct key key;

    if (key_parse(text, size, &key, &err) < 0)
        return;
    if (key_format(key.area, key.search_key, key.name, formatted, &err) < 0 ||
        strlen(formatted) != size || memcmp(formatted, text, size) != 0)
        abort();
    if (!key_is_picture(formatted) || search_key_check(key.search_key, &err) < 0)
        abort();
    if (key_move(formatted, KEY_GARDEN, moved, &err) < 0)
        return; /* "emotions/" is a byte longer than "imgPool/" */
    if (key_move(moved, key.area, back, &err) < 0 || strcmp(back, formatted) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) decoded = {0};
    struct err err = {0}, ignored = {0};

    buf_append(&text, data, size);
    check_round_trip(text.data, size);
    check_sequencer(buf_text(&text));
    (void)search_key_check(buf_text(&text), &ignored);
    if (text_url_decode(&decoded, text.data, size, true, &err) == 0 && decoded.size)
        check_round_trip(decoded.data, decoded.size);
    return 0;
}
