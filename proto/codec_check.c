/* codec_check.c - what a table allows; see codec.h and codec_internal.h. */
#include <string.h>

#include "lib/base/text.h"
#include "proto/codec.h"
#include "proto/codec_internal.h"
#include "proto/key.h"

const char *const codec_orientations[] = {"landscape", "portrait", NULL};

bool codec_has_range(const struct codec_field *field)
{
    return field->min != 0 || field->max != 0;
}

int codec_out_of_range(const struct codec_field *field, const char *of, struct err *err)
{
    return err_set(err, ERR_INVALID, "%s is out of range: %lld to %lld%s", field->name,
                   (long long)field->min, (long long)field->max, of);
}

int codec_check_number(const struct codec_field *field, double number, struct err *err)
{
    if (!codec_has_range(field) ||
        (number >= (double)field->min && number <= (double)field->max))
        return 0;
    return codec_out_of_range(field, "", err);
}

int codec_check_count(const struct codec_field *field, size_t count, struct err *err)
{
    if (field->type == CODEC_NUMBER_LIST || !codec_has_range(field) ||
        (count >= (size_t)field->min && count <= (size_t)field->max))
        return 0;
    return codec_out_of_range(field, " elements", err);
}

int codec_find_name(const char *name, const char *const *names, const char *text,
                    struct err *err)
{
    OWNED_VALUE(buf) list = {0};

    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], text) == 0 && *text)
            return i;
    for (int i = 0; names[i]; i++)
        if (*names[i])
            buf_printf(&list, "%s%s", list.size ? ", " : "", names[i]);
    err_set(err, ERR_INVALID, "%s is '%.40s': it must be one of %s", name, text,
            buf_text(&list));
    return -1;
}

int codec_check_text(const struct codec_field *field, const char *text, struct err *err)
{
    size_t size = strlen(text);

    if (field->names && codec_find_name(field->name, field->names, text, err) < 0)
        return err->code;
    if (field->type == CODEC_STR && codec_has_range(field) &&
        (size < (size_t)field->min || size > (size_t)field->max))
        return codec_out_of_range(field, " bytes", err);
    if (field->check && field->check(text, err) < 0)
        return err_wrap(err, "%s", field->name);
    return 0;
}

size_t codec_element_size(const struct codec_field *field)
{
    if (field->type == CODEC_NUMBER_LIST)
        return sizeof(double);
    return field->type == CODEC_STR_LIST ? sizeof(const char *) : field->element->size;
}

int codec_check_sha256(const char *text, struct err *err)
{
    size_t size = strspn(text, "0123456789abcdef");

    if (size == 64 && text[size] == '\0')
        return 0;
    return err_set(err, ERR_INVALID, "'%.70s' is not 64 lower-case hex digits", text);
}

int codec_check_id(const char *text, struct err *err)
{
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return err_set(err, ERR_INVALID, "has a control character at byte %zu",
                           (size_t)(p - text));
    return 0;
}

int codec_check_key(const char *text, struct err *err)
{
    return key_check(text, strlen(text), err);
}

int codec_check_picture(const char *text, struct err *err)
{
    struct key key;

    return key_parse(text, strlen(text), &key, err);
}

int codec_need(const char *text, const char *member, const char *type, struct err *err)
{
    if (text && *text)
        return 0;
    return err_set(err, ERR_INVALID, "%s is missing, which type '%s' needs", member, type);
}
