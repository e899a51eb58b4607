/* codec_encode.c - writing by a table; see codec.h. */
#include <string.h>

#include "lib/json/json.h"
#include "proto/codec.h"
#include "proto/codec_internal.h"

static const void *at_const(const void *event, size_t offset)
{
    return (const char *)event + offset;
}

static int encode_object(const struct codec *codec, struct buf *out, const void *event,
                         struct err *err);

static int encode_text(const struct codec_field *field, struct buf *out, const char *text,
                       struct err *err)
{
    if (!text || !*text) {
        if (field->required)
            return err_set(err, ERR_INVALID, "%s is missing", field->name);
        return 0;
    }
    if (codec_check_text(field, text, err) < 0)
        return err->code;
    json_put_str(out, field->name, text);
    return 0;
}

static int encode_whole(const struct codec_field *field, struct buf *out, const void *member,
                        struct err *err)
{
    uint64_t wide = field->type == CODEC_UINT64   ? *(const uint64_t *)member
                    : field->type == CODEC_UINT32 ? *(const uint32_t *)member
                                                  : 0;
    int64_t number = field->type == CODEC_INT ? *(const int64_t *)member : (int64_t)wide;

    if (number == 0 && !field->required)
        return 0;
    if (wide > INT64_MAX ||
        (codec_has_range(field) && (number < field->min || number > field->max)))
        return codec_out_of_range(field, "", err);
    json_put_int(out, field->name, number);
    return 0;
}

static int encode_number(const struct codec_field *field, struct buf *out, double number,
                         struct err *err)
{
    if (number == 0 && !field->required)
        return 0;
    if (codec_check_number(field, number, err) < 0)
        return err->code;
    json_write_name(out, field->name);
    json_write_number(out, number);
    return 0;
}

static int encode_bool(const struct codec_field *field, struct buf *out, bool yes)
{
    if (yes || field->required)
        json_put_bool(out, field->name, yes);
    return 0;
}

static int encode_choice(const struct codec_field *field, struct buf *out, int choice,
                         struct err *err)
{
    int count = 0;

    while (field->names[count])
        count++;
    if (choice < 0 || choice >= count)
        return err_set(err, ERR_INVALID, "%s is %d, which has no name", field->name, choice);
    json_put_str(out, field->name, field->names[choice]);
    return 0;
}

static int encode_orientation(const struct codec_field *field, struct buf *out,
                              char orientation, struct err *err)
{
    if (orientation != 'h' && orientation != 'v')
        return err_set(err, ERR_INVALID, "%s is neither 'h' nor 'v'", field->name);
    json_put_str(out, field->name, codec_orientations[orientation == 'v']);
    return 0;
}

static int encode_element(const struct codec_field *field, struct buf *out, const void *slot,
                          struct err *err)
{
    const char *text;

    if (field->type == CODEC_LIST)
        return encode_object(field->element, out, slot, err);
    if (field->type == CODEC_NUMBER_LIST) {
        json_write_number(out, *(const double *)slot);
        return codec_check_number(field, *(const double *)slot, err);
    }
    text = *(const char *const *)slot;
    if (codec_check_text(field, text, err) < 0)
        return err->code;
    json_write_str(out, text);
    return 0;
}

static int encode_list(const struct codec_field *field, struct buf *out, const void *event,
                       struct err *err)
{
    const char *slots = *(const char *const *)at_const(event, field->offset);
    size_t count = *(const size_t *)at_const(event, field->count_offset);

    if (count == 0 && !field->required)
        return 0;
    if (codec_check_count(field, count, err) < 0)
        return err->code;
    json_write_name(out, field->name);
    json_write_open(out, '[');
    for (size_t i = 0; i < count; i++)
        if (encode_element(field, out, slots + i * codec_element_size(field), err) < 0)
            return json_err_at(err, "%s[%zu]", field->name, i);
    json_write_close(out, ']');
    return 0;
}

static int encode_field(const struct codec_field *field, struct buf *out, const void *event,
                        struct err *err)
{
    const void *member = at_const(event, field->offset);

    switch (field->type) {
    case CODEC_STR:
        return encode_text(field, out, *(const char *const *)member, err);
    case CODEC_INT:
    case CODEC_UINT32:
    case CODEC_UINT64:
        return encode_whole(field, out, member, err);
    case CODEC_NUMBER:
        return encode_number(field, out, *(const double *)member, err);
    case CODEC_BOOL:
        return encode_bool(field, out, *(const bool *)member);
    case CODEC_CHOICE:
        return encode_choice(field, out, *(const int *)member, err);
    case CODEC_ORIENTATION:
        return encode_orientation(field, out, *(const char *)member, err);
    case CODEC_STR_LIST:
    case CODEC_NUMBER_LIST:
    case CODEC_LIST:
        return encode_list(field, out, event, err);
    }
    return 0;
}

static int encode_object(const struct codec *codec, struct buf *out, const void *event,
                         struct err *err)
{
    json_write_open(out, '{');
    for (size_t i = 0; i < codec->field_count; i++)
        if (encode_field(&codec->fields[i], out, event, err) < 0)
            return err->code;
    json_write_close(out, '}');
    return codec->check ? codec->check(event, err) : 0;
}

int codec_encode(const struct codec *codec, struct buf *out, const void *event, struct err *err)
{
    if (encode_object(codec, out, event, err) < 0)
        return err_wrap(err, "%s", codec->what);
    return buf_ok(out) ? 0 : err_set_nomem(err, codec->what);
}
