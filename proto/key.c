/* key.c - see key.h. */
#include "proto/key.h"

#include <string.h>
#include <strings.h>

#include "lib/base/text.h"

const char *const emotion_names[EMOTION_COUNT + 1] = {
    "happy", "surprised", "calm", "angry", "fear", "confused", "disgusted", "sad", NULL,
};

#define EMOTION_LIST "happy, surprised, calm, angry, fear, confused, disgusted or sad"

static const char *const endings[] = {".jpeg", ".jpg", ".png", ".webp"};

enum { ENDINGS = sizeof endings / sizeof *endings, PARTS_MAX = 4 };

/* A piece of the text being parsed. */
struct part {
    const char *text;
    size_t size;
};

static const char *area_prefix(enum key_area area)
{
    return area == KEY_POOL ? KEY_POOL_PREFIX : KEY_GARDEN_PREFIX;
}

bool emotion_is_known(const char *emotion, size_t size)
{
    for (size_t i = 0; i < EMOTION_COUNT; i++)
        if (strlen(emotion_names[i]) == size && memcmp(emotion_names[i], emotion, size) == 0)
            return true;
    return false;
}

/* C0, DEL, and C1 (U+0080 to U+009F) as UTF-8 writes it. */
static bool is_control(const unsigned char *p, size_t left)
{
    return *p < 0x20 || *p == 0x7f || (left > 1 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0);
}

static int check_part(const char *key, const char *part, size_t size, struct err *err)
{
    size_t at = (size_t)(part - key);

    if (size == 0)
        return err_set(err, ERR_INVALID, "the key has an empty part at byte %zu", at);
    if ((size == 1 && part[0] == '.') || (size == 2 && part[0] == '.' && part[1] == '.'))
        return err_set(err, ERR_INVALID, "the key has the part '%.*s' at byte %zu", (int)size,
                       part, at);
    return 0;
}

static int check_characters(const char *key, size_t size, struct err *err)
{
    for (size_t i = text_printable(key, size); i < size;
         i += text_printable(key + i, size - i)) {
        size_t length = text_utf8_length(key + i, size - i);

        if (length == 0)
            return err_set(err, ERR_INVALID, "the key is not UTF-8 at byte %zu", i);
        if (is_control((const unsigned char *)key + i, size - i))
            return err_set(err, ERR_INVALID, "the key has a control character at byte %zu", i);
        i += length;
    }
    return 0;
}

int key_check(const char *key, size_t size, struct err *err)
{
    const char *part = key, *end = key + size;

    if (size == 0)
        return err_set(err, ERR_INVALID, "the key is empty");
    if (size >= KEY_BYTES)
        return err_set(err, ERR_INVALID, "the key has %zu bytes; at most %d are allowed", size,
                       KEY_BYTES - 1);
    if (check_characters(key, size, err) < 0)
        return err->code;
    for (;;) {
        const char *slash = memchr(part, '/', (size_t)(end - part));

        if (check_part(key, part, (size_t)((slash ? slash : end) - part), err) < 0)
            return err->code;
        if (!slash)
            return 0;
        part = slash + 1;
    }
}

bool key_is_picture(const char *key)
{
    return text_starts_with(key, KEY_POOL_PREFIX) || text_starts_with(key, KEY_GARDEN_PREFIX);
}

static int check_emotion(const struct part *emotion, struct err *err)
{
    if (emotion_is_known(emotion->text, emotion->size))
        return 0;
    return err_set(err, ERR_INVALID, "'%.*s' is no emotion: it must be " EMOTION_LIST,
                   (int)(emotion->size < 40 ? emotion->size : 40), emotion->text);
}

/* The rest of what a favorite needs is key_check's. */
static int check_favorite(const struct part *favorite, struct err *err)
{
    for (size_t i = 0; i < favorite->size; i++)
        if (favorite->text[i] >= 'A' && favorite->text[i] <= 'Z')
            return err_set(err, ERR_INVALID,
                           "the favorite '%.*s' has a capital letter: write it in lower case",
                           (int)(favorite->size < 80 ? favorite->size : 80), favorite->text);
    return 0;
}

static int check_search_parts(const struct part *parts, size_t count, struct err *err)
{
    if (check_emotion(&parts[0], err) < 0)
        return err->code;
    return count == 2 ? check_favorite(&parts[1], err) : 0;
}

static int check_name(const struct part *name, struct err *err)
{
    for (size_t i = 0; i < ENDINGS; i++) {
        size_t size = strlen(endings[i]);

        if (name->size > size &&
            strncasecmp(name->text + name->size - size, endings[i], size) == 0)
            return 0;
    }
    return err_set(err, ERR_INVALID,
                   "'%.*s' is no picture's name: it must end in .jpeg, .jpg, .png or .webp",
                   (int)(name->size < 80 ? name->size : 80), name->text);
}

/* Returns how many parts there are, also where that is more than max. */
static size_t split(const char *text, size_t size, struct part *parts, size_t max)
{
    const char *end = text + size;
    size_t count = 0;

    for (;;) {
        const char *slash = memchr(text, '/', (size_t)(end - text));
        size_t length = (size_t)((slash ? slash : end) - text);

        if (count < max)
            parts[count] = (struct part){text, length};
        count++;
        if (!slash)
            return count;
        text = slash + 1;
    }
}

static int find_area(const char *key, size_t size, enum key_area *ret_area, struct err *err)
{
    for (enum key_area area = KEY_POOL; area <= KEY_GARDEN; area++) {
        const char *prefix = area_prefix(area);

        if (size >= strlen(prefix) && memcmp(key, prefix, strlen(prefix)) == 0) {
            *ret_area = area;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID,
                   "the key is not under " KEY_POOL_PREFIX " or " KEY_GARDEN_PREFIX);
}

static void copy_part(char out[KEY_BYTES], const char *text, size_t size)
{
    memcpy(out, text, size);
    out[size] = '\0';
}

static char orientation_of(const struct part *name)
{
    static const char portrait[] = "v.jpeg";
    size_t size = sizeof portrait - 1;

    return name->size >= size && memcmp(name->text + name->size - size, portrait, size) == 0
               ? 'v'
               : 'h';
}

int key_parse(const char *key, size_t size, struct key *ret_key, struct err *err)
{
    struct part parts[PARTS_MAX];
    const struct part *name;
    enum key_area area = KEY_POOL;
    size_t count;

    if (key_check(key, size, err) < 0 || find_area(key, size, &area, err) < 0)
        return err->code;
    count = split(key, size, parts, PARTS_MAX);
    if (count < 3 || count > PARTS_MAX)
        return err_set(err, ERR_INVALID,
                       "the key has %zu parts: it must be %s<emotion>/<name> or "
                       "%s<emotion>/<favorite>/<name>",
                       count, area_prefix(area), area_prefix(area));
    name = &parts[count - 1];
    if (check_search_parts(parts + 1, count - 2, err) < 0 || check_name(name, err) < 0)
        return err->code;
    ret_key->area = area;
    ret_key->orientation = orientation_of(name);
    copy_part(ret_key->search_key, parts[1].text, (size_t)(name->text - 1 - parts[1].text));
    copy_part(ret_key->name, name->text, name->size);
    return 0;
}

int key_format(enum key_area area, const char *search_key, const char *name,
               char ret_key[KEY_BYTES], struct err *err)
{
    const char *prefix = area_prefix(area);
    size_t size = strlen(prefix) + strlen(search_key) + 1 + strlen(name);
    char text[KEY_BYTES];
    struct key key;

    if (size >= KEY_BYTES)
        return err_set(err, ERR_INVALID, "the key has %zu bytes; at most %d are allowed", size,
                       KEY_BYTES - 1);
    (void)snprintf(text, sizeof text, "%s%s/%s", prefix, search_key, name);
    if (key_parse(text, size, &key, err) < 0)
        return err->code;
    if (strcmp(key.search_key, search_key) != 0) /* a '/' in the name: other parts, same key */
        return err_set(err, ERR_INVALID, "'%.80s' is no picture's name: it has a '/'", name);
    memcpy(ret_key, text, size + 1);
    return 0;
}

int key_move(const char *key, enum key_area area, char ret_key[KEY_BYTES], struct err *err)
{
    struct key parsed;

    if (key_parse(key, strlen(key), &parsed, err) < 0)
        return err->code;
    return key_format(area, parsed.search_key, parsed.name, ret_key, err);
}

int search_key_check(const char *search_key, struct err *err)
{
    struct part parts[2];
    size_t size = strlen(search_key), count;

    if (key_check(search_key, size, err) < 0)
        return err_wrap(err, "search key");
    count = split(search_key, size, parts, 2);
    if (count > 2)
        return err_set(err, ERR_INVALID,
                       "the search key has %zu parts: it must be <emotion> or "
                       "<emotion>/<favorite>",
                       count);
    return check_search_parts(parts, count, err);
}
