/* import_name.c - see import_name.h. */
#include "gardenctl/import_name.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

/* Where a name without ending has "_<index>h" or "_<index>v" at its end; its size otherwise. */
static size_t find_index(const char *name, size_t size, int *ret_index)
{
    char digits[8];
    struct err ignored = {0};
    int64_t index;
    size_t start = size;

    if (size < 4 || (name[size - 1] != 'h' && name[size - 1] != 'v'))
        return size;
    while (start > 1 && name[start - 2] >= '0' && name[start - 2] <= '9')
        start--;
    if (start == size || start < 3 || name[start - 2] != '_' || size - start >= sizeof digits)
        return size;
    memcpy(digits, name + start - 1, size - start);
    digits[size - start] = '\0';
    if (text_parse_int(digits, 0, 999999, &index, &ignored) < 0)
        return size;
    *ret_index = (int)index;
    return start - 2;
}

/* Cuts at a whole UTF-8 character. */
static size_t cut(const char *text, size_t size, size_t most)
{
    if (size <= most)
        return size;
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    return most;
}

void import_name_parse(const char *file_name, struct import_name *ret_name)
{
    const char *dot = strrchr(file_name, '.');
    size_t size = dot && dot != file_name ? (size_t)(dot - file_name) : strlen(file_name);
    bool utf8 = text_is_utf8(file_name, size);

    ret_name->index = 0;
    size = find_index(file_name, size, &ret_name->index);
    size = cut(file_name, size, IMPORT_STEM - 1);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)file_name[i];
        bool bad = c < 0x20 || c == 0x7f || c == '/' || (c >= 0x80 && !utf8);

        ret_name->stem[i] = (char)(bad ? '_' : c);
    }
    ret_name->stem[size] = '\0';
}

void import_name_format(const struct import_name *name, char orientation, char *out,
                        size_t size)
{
    (void)snprintf(out, size, "%s_%d%c.jpeg", name->stem, name->index, orientation);
}
