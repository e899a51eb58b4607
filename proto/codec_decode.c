/* codec_decode.c - reading by a table; see codec.h. */
#include <stdalign.h>
#include <string.h>

#include "lib/json/json.h"
#include "proto/codec.h"
#include "proto/codec_internal.h"

/* Memory for one decoded event, taken from front to back. */
struct arena {
    char *next;
};

static void *at(void *event, size_t offset)
{
    return (char *)event + offset;
}

static void *arena_take(struct arena *arena, size_t size, size_t alignment)
{
    char *start = arena->next;

    start += (alignment - (uintptr_t)start % alignment) % alignment;
    arena->next = start + size;
    return start;
}

static const char *arena_copy(struct arena *arena, const json_t *string)
{
    size_t size = json_string_length(string) + 1;

    return memcpy(arena_take(arena, size, 1), json_string_value(string), size);
}

/* What the lists of the object need; the strings never need more than the bytes they were
 * decoded from. */
static size_t list_room(const struct codec *codec, const json_t *object)
{
    size_t room = 0;

    for (size_t i = 0; i < codec->field_count; i++) {
        const struct codec_field *field = &codec->fields[i];
        size_t j;
        const json_t *list, *element;

        if (field->type != CODEC_STR_LIST && field->type != CODEC_NUMBER_LIST &&
            field->type != CODEC_LIST)
            continue;
        list = json_object_get(object, field->name);
        room += json_array_size(list) * codec_element_size(field) + alignof(max_align_t);
        if (field->type == CODEC_LIST)
            json_array_foreach(list, j, element) room += list_room(field->element, element);
    }
    return room;
}

static int decode_object(const struct codec *codec, const json_t *object, void *event,
                         struct arena *arena, struct err *err);

static int decode_text(const struct codec_field *field, const json_t *object, const char **ret,
                       struct arena *arena, struct err *err)
{
    const char *text;

    *ret = "";
    if (json_get_str(object, field->name, &text, err) < 0 ||
        codec_check_text(field, text, err) < 0)
        return err->code;
    *ret = arena_copy(arena, json_object_get(object, field->name));
    return 0;
}

static int decode_whole(const struct codec_field *field, const json_t *object, void *member,
                        struct err *err)
{
    int64_t number;

    if (json_get_int(object, field->name, &number, err) < 0)
        return err->code;
    if (number < field->min || (codec_has_range(field) && number > field->max))
        return codec_out_of_range(field, "", err);
    if (field->type == CODEC_INT)
        *(int64_t *)member = number;
    else if (field->type == CODEC_UINT64)
        *(uint64_t *)member = (uint64_t)number;
    else
        *(uint32_t *)member = (uint32_t)number;
    return 0;
}

static int decode_number(const struct codec_field *field, const json_t *object, double *ret,
                         struct err *err)
{
    if (json_get_number(object, field->name, ret, err) < 0)
        return err->code;
    return codec_check_number(field, *ret, err);
}

static int decode_name(const struct codec_field *field, const json_t *object,
                       const char *const *names, int *ret, struct err *err)
{
    const char *text;
    int index;

    if (json_get_str(object, field->name, &text, err) < 0)
        return err->code;
    index = codec_find_name(field->name, names, text, err);
    if (index < 0)
        return err->code;
    *ret = index;
    return 0;
}

static int decode_orientation(const struct codec_field *field, const json_t *object, char *ret,
                              struct err *err)
{
    int index = 0;

    if (decode_name(field, object, codec_orientations, &index, err) < 0)
        return err->code;
    *ret = index == 0 ? 'h' : 'v';
    return 0;
}

static int decode_element(const struct codec_field *field, const json_t *element, void *slot,
                          struct arena *arena, struct err *err)
{
    if (field->type == CODEC_LIST) {
        if (!json_is_object(element))
            return err_set(err, ERR_INVALID, "%s has an element that is no object",
                           field->name);
        return decode_object(field->element, element, slot, arena, err);
    }
    if (field->type == CODEC_NUMBER_LIST) {
        if (!json_is_number(element))
            return err_set(err, ERR_INVALID, "%s has an element that is no number",
                           field->name);
        *(double *)slot = json_number_value(element);
        return codec_check_number(field, *(double *)slot, err);
    }
    if (!json_is_string(element))
        return err_set(err, ERR_INVALID, "%s has an element that is no string", field->name);
    if (codec_check_text(field, json_string_value(element), err) < 0)
        return err->code;
    *(const char **)slot = arena_copy(arena, element);
    return 0;
}

static int decode_list(const struct codec_field *field, const json_t *object, void *event,
                       struct arena *arena, struct err *err)
{
    size_t size = codec_element_size(field), count, i;
    const json_t *element;
    json_t *list;
    char *slots;

    if (json_get_array(object, field->name, &list, err) < 0)
        return err->code;
    count = json_array_size(list);
    if (codec_check_count(field, count, err) < 0)
        return err->code;
    slots = arena_take(arena, count * size, alignof(max_align_t));
    json_array_foreach(list, i, element)
    {
        if (decode_element(field, element, slots + i * size, arena, err) < 0)
            return field->type == CODEC_LIST ? json_err_at(err, "%s[%zu]", field->name, i)
                                             : err->code;
    }
    *(const void **)at(event, field->offset) = slots;
    *(size_t *)at(event, field->count_offset) = count;
    return 0;
}

static int decode_field(const struct codec_field *field, const json_t *object, void *event,
                        struct arena *arena, struct err *err)
{
    void *member = at(event, field->offset);

    switch (field->type) {
    case CODEC_STR:
        return decode_text(field, object, member, arena, err);
    case CODEC_INT:
    case CODEC_UINT32:
    case CODEC_UINT64:
        return decode_whole(field, object, member, err);
    case CODEC_NUMBER:
        return decode_number(field, object, member, err);
    case CODEC_BOOL:
        return json_get_bool(object, field->name, member, err);
    case CODEC_CHOICE:
        return decode_name(field, object, field->names, member, err);
    case CODEC_ORIENTATION:
        return decode_orientation(field, object, member, err);
    case CODEC_STR_LIST:
    case CODEC_NUMBER_LIST:
    case CODEC_LIST:
        return decode_list(field, object, event, arena, err);
    }
    return 0;
}

static int decode_object(const struct codec *codec, const json_t *object, void *event,
                         struct arena *arena, struct err *err)
{
    memset(event, 0, codec->size);
    for (size_t i = 0; i < codec->field_count; i++) {
        const struct codec_field *field = &codec->fields[i];
        const json_t *member = json_object_get(object, field->name);

        if (!field->required && (!member || json_is_null(member))) {
            if (field->type == CODEC_STR)
                *(const char **)at(event, field->offset) = "";
        } else if (decode_field(field, object, event, arena, err) < 0) {
            return err->code;
        }
    }
    return codec->check ? codec->check(event, err) : 0;
}

enum { EVENT_SIZE_MAX = 512 };

int codec_decode(const struct codec *codec, const void *bytes, size_t size, void *ret_event,
                 struct buf *storage, struct err *err)
{
    OWNED_JSON root = json_parse(bytes, size, err);
    alignas(max_align_t) char event[EVENT_SIZE_MAX];
    struct arena arena;
    size_t room;

    if (!root)
        return err_wrap(err, "%s", codec->what);
    if (!json_is_object(root))
        return err_set(err, ERR_INVALID, "%s has to be a JSON object", codec->what);
    buf_clear(storage);
    room = size + list_room(codec, root);
    arena.next = buf_reserve(storage, room);
    if (!arena.next)
        return err_set_nomem(err, codec->what);
    if (decode_object(codec, root, event, &arena, err) < 0)
        return err_wrap(err, "%s", codec->what);
    storage->size = room;
    memcpy(ret_event, event, codec->size);
    return 0;
}
