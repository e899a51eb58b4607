/* forgotten.c - see forgotten.h. */
#include "services/csv-exporter/forgotten.h"

#include <string.h>

#include "lib/base/intern.h"
#include "lib/csv/csv.h"

enum { FIELD_MAX = 1024 }; /* of an id of 256 bytes, all of them quotes, and more */

struct forgotten {
    struct intern *fields;
    int64_t *times_s; /* by the field's number */
    size_t room;
};

struct forgotten *forgotten_new(struct err *err)
{
    struct forgotten *forgotten = calloc(1, sizeof *forgotten);

    if (forgotten)
        forgotten->fields = intern_new();
    if (forgotten && forgotten->fields)
        return forgotten;
    forgotten_free(forgotten);
    (void)err_set_nomem(err, "who was forgotten");
    return NULL;
}

void forgotten_free(struct forgotten *forgotten)
{
    if (!forgotten)
        return;
    intern_free(forgotten->fields);
    free(forgotten->times_s);
    free(forgotten);
}

int forgotten_add(struct forgotten *forgotten, const char *user_id, size_t size, int64_t time_s,
                  struct err *err)
{
    const uint32_t before = intern_count(forgotten->fields);
    OWNED_VALUE(buf) field = {0};
    uint32_t number;

    if (before == forgotten->room) {
        const size_t room = forgotten->room ? forgotten->room * 2 : 64;
        int64_t *more = realloc(forgotten->times_s, room * sizeof *more);

        if (!more)
            return err_set_nomem(err, "who was forgotten");
        forgotten->times_s = more;
        forgotten->room = room;
    }
    csv_write_field(&field, user_id, size);
    number = buf_ok(&field) ? intern_add(forgotten->fields, buf_text(&field)) : INTERN_NONE;
    if (number == INTERN_NONE)
        return err_set_nomem(err, "who was forgotten");
    if (number == before || time_s > forgotten->times_s[number])
        forgotten->times_s[number] = time_s;
    return 0;
}

/* The length of the row's first field as it stands there. */
static size_t first_field(const char *row, size_t size)
{
    size_t at = 0;
    bool quoted = false;

    for (; at < size && (quoted || row[at] != ','); at++)
        quoted = quoted != (row[at] == '"');
    return at;
}

bool forgotten_is(const struct forgotten *forgotten, const char *row, size_t size,
                  int64_t time_s)
{
    char field[FIELD_MAX];
    uint32_t number;
    size_t length;

    if (intern_count(forgotten->fields) == 0)
        return false;
    length = first_field(row, size);
    if (length >= sizeof field)
        return false;
    memcpy(field, row, length);
    field[length] = '\0';
    number = intern_find(forgotten->fields, field);
    return number != INTERN_NONE && time_s <= forgotten->times_s[number];
}
