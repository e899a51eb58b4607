/* dataset_read.c - rows in; see dataset.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/text.h"
#include "proto/codec.h"
#include "proto/dataset_local.h"
#include "proto/key.h"
#include "proto/user_event.h"

enum { ROW_BYTES_MAX = 1 << 20, NO_COLUMN = -1 };

struct dataset_reader {
    const struct dataset_table *table;
    enum dataset_kind kind;
    struct csv_reader *csv;
    size_t header_count;
    int at[DATASET_COLUMNS]; /* the column's place in the file, or NO_COLUMN */
    struct buf ids;          /* of an impression, each with its NUL */
    struct csv_field impression[INTERACTION_IMPRESSION_MAX];
};

static const struct csv_field nothing = {"", 0};

/* -- the header -- */

static bool has_name(const struct dataset_column *column, const struct csv_field *field)
{
    return strcasecmp(field->text, column->name) == 0 ||
           (column->other && strcasecmp(field->text, column->other) == 0);
}

static int find_column(struct dataset_reader *reader, size_t i, const struct csv_row *header,
                       struct err *err)
{
    const struct dataset_column *column = &reader->table->columns[i];

    reader->at[i] = NO_COLUMN;
    for (size_t j = 0; j < header->count; j++) {
        if (!has_name(column, &header->fields[j]))
            continue;
        if (reader->at[i] != NO_COLUMN)
            return err_set(err, ERR_INVALID, "the header names %s twice", column->name);
        reader->at[i] = (int)j;
    }
    if (column->required && reader->at[i] == NO_COLUMN)
        return err_set(err, ERR_INVALID,
                       "the header has no column %s: the first line has to name the columns",
                       column->name);
    return 0;
}

static int read_header(struct dataset_reader *reader, struct err *err)
{
    struct csv_row header;
    int r = csv_read(reader->csv, &header, err);

    if (r < 0)
        return r;
    if (r == 0)
        return err_set(err, ERR_INVALID, "it is empty: the first line has to name the columns");
    reader->header_count = header.count;
    for (size_t i = 0; i < reader->table->column_count; i++)
        if (find_column(reader, i, &header, err) < 0)
            return err->code;
    return 0;
}

struct dataset_reader *dataset_reader_new(enum dataset_kind kind, csv_source *source, void *ctx,
                                          struct err *err)
{
    struct dataset_reader *reader = calloc(1, sizeof *reader);

    if (!reader) {
        err_set_nomem(err, "reading a data set");
        return NULL;
    }
    reader->kind = kind;
    reader->table = &dataset_tables[kind];
    reader->csv = csv_reader_new(source, ctx, ROW_BYTES_MAX, err);
    if (reader->csv && read_header(reader, err) == 0)
        return reader;
    dataset_reader_free(reader);
    return NULL;
}

void dataset_reader_free(struct dataset_reader *reader)
{
    if (!reader)
        return;
    csv_reader_free(reader->csv);
    buf_done(&reader->ids);
    free(reader);
}

/* -- fields -- */

/* The field of a column, "" where the file has no such column. */
static struct csv_field field_of(const struct dataset_reader *reader, const struct csv_row *row,
                                 size_t column)
{
    return reader->at[column] == NO_COLUMN ? nothing : row->fields[reader->at[column]];
}

static int take_id(const struct dataset_reader *reader, const struct csv_row *row,
                   size_t column, struct csv_field *ret, struct err *err)
{
    *ret = field_of(reader, row, column);
    return ret->size
               ? 0
               : err_set(err, ERR_INVALID, "%s is empty", reader->table->columns[column].name);
}

/* One of the names in either case, or "" where that is allowed. */
static int take_name(const struct dataset_reader *reader, const struct csv_row *row,
                     size_t column, const char *const *names, struct csv_field *ret,
                     struct err *err)
{
    const struct dataset_column *what = &reader->table->columns[column];
    const struct csv_field field = field_of(reader, row, column);
    OWNED_VALUE(buf) list = {0};

    for (int i = 0; names[i]; i++) {
        if (strcasecmp(names[i], field.text) == 0) {
            *ret = (struct csv_field){names[i], strlen(names[i])};
            return 0;
        }
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    *ret = nothing;
    if (field.size == 0 && !what->required)
        return 0;
    return err_set(err, ERR_INVALID, "%s is '%.40s': it must be one of %s", what->name,
                   field.text, buf_text(&list));
}

static int take_time(const struct dataset_reader *reader, const struct csv_row *row,
                     size_t column, int64_t *ret_s, struct err *err)
{
    const struct dataset_column *what = &reader->table->columns[column];
    const struct csv_field field = field_of(reader, row, column);
    struct err why = {0};

    *ret_s = 0;
    if (field.size == 0 && !what->required)
        return 0;
    if (text_parse_int(field.text, 0, CODEC_TIME_MAX / 1000, ret_s, &why) == 0)
        return 0;
    if (text_parse_int(field.text, 0, CODEC_TIME_MAX, ret_s, &(struct err){0}) == 0)
        return err_set(
            err, ERR_INVALID,
            "%s is %.20s, which looks like milliseconds: it is in seconds since 1970",
            what->name, field.text);
    return err_set(err, ERR_INVALID,
                   "%s is '%.40s': it is a whole number, the seconds since 1970", what->name,
                   field.text);
}

static int take_type(const struct dataset_reader *reader, const struct csv_row *row,
                     enum interaction_type *ret_type, struct err *err)
{
    const struct csv_field field = field_of(reader, row, 3);

    *ret_type = INTERACTION_LIKE;
    if (field.size == 0 ||
        strcasecmp(field.text, interaction_type_names[INTERACTION_LIKE]) == 0)
        return 0;
    for (int i = 0; dataset_types[i]; i++) {
        if (strcasecmp(dataset_types[i], field.text) == 0) {
            *ret_type = (enum interaction_type)i;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID,
                   "EVENT_TYPE is '%.40s': it must be click (a like), dislike, skip or view",
                   field.text);
}

/* Unescapes the id that starts at from in place and ends it with a NUL. Returns what follows
 * its separator, NULL where it is the last. */
static char *cut_id(char *from, const char *end, struct csv_field *ret)
{
    char *to = from;

    ret->text = from;
    for (; from < end && *from != '|'; from++) {
        if (*from == '\\' && from + 1 < end && (from[1] == '|' || from[1] == '\\'))
            from++;
        *to++ = *from;
    }
    ret->size = (size_t)(to - ret->text);
    from = from < end ? from + 1 : NULL;
    *to = '\0';
    return from;
}

static int take_impression(struct dataset_reader *reader, const struct csv_row *row,
                           struct dataset_interaction *act, struct err *err)
{
    const struct csv_field field = field_of(reader, row, 4);
    char *at;

    act->impression = reader->impression;
    act->impression_count = 0;
    if (field.size == 0)
        return 0;
    buf_clear(&reader->ids);
    buf_append(&reader->ids, field.text, field.size);
    if (!buf_ok(&reader->ids))
        return err_set_nomem(err, "an impression");
    for (at = reader->ids.data; at;) {
        struct csv_field id;

        at = cut_id(at, reader->ids.data + field.size, &id);
        if (id.size == 0)
            return err_set(err, ERR_INVALID,
                           "IMPRESSION has an empty item id: ids are joined "
                           "by one '|' each");
        if (act->impression_count == INTERACTION_IMPRESSION_MAX)
            return err_set(err, ERR_INVALID, "IMPRESSION has more than %d item ids",
                           INTERACTION_IMPRESSION_MAX);
        reader->impression[act->impression_count++] = id;
    }
    return 0;
}

/* -- rows -- */

static int take_user(const struct dataset_reader *reader, const struct csv_row *row,
                     struct dataset_user *user, struct err *err)
{
    if (take_id(reader, row, 0, &user->user_id, err) < 0 ||
        take_name(reader, row, 1, user_generations, &user->generation, err) < 0 ||
        take_name(reader, row, 2, user_genders, &user->gender, err) < 0)
        return err->code;
    return take_name(reader, row, 3, emotion_names, &user->emotion, err);
}

static int take_item(const struct dataset_reader *reader, const struct csv_row *row,
                     struct dataset_item *item, struct err *err)
{
    item->emotion = field_of(reader, row, 2);
    if (take_id(reader, row, 0, &item->item_id, err) < 0)
        return err->code;
    return take_time(reader, row, 1, &item->timestamp_s, err);
}

static int take_act(struct dataset_reader *reader, const struct csv_row *row,
                    struct dataset_interaction *act, struct err *err)
{
    if (take_id(reader, row, 0, &act->user_id, err) < 0 ||
        take_id(reader, row, 1, &act->item_id, err) < 0 ||
        take_time(reader, row, 2, &act->timestamp_s, err) < 0 ||
        take_type(reader, row, &act->type, err) < 0)
        return err->code;
    return take_impression(reader, row, act, err);
}

static int take_row(struct dataset_reader *reader, const struct csv_row *row,
                    struct dataset_row *ret_row, struct err *err)
{
    if (row->count != reader->header_count)
        return err_set(
            err, ERR_INVALID,
            "it has %zu fields, and the header names %zu: a field with a comma has to "
            "be in quotes",
            row->count, reader->header_count);
    if (reader->kind == DATASET_USERS)
        return take_user(reader, row, &ret_row->user, err);
    if (reader->kind == DATASET_ITEMS)
        return take_item(reader, row, &ret_row->item, err);
    return take_act(reader, row, &ret_row->interaction, err);
}

int dataset_read(struct dataset_reader *reader, struct dataset_row *ret_row, struct err *err)
{
    struct csv_row row;
    int r = csv_read(reader->csv, &row, err);

    if (r <= 0)
        return r;
    ret_row->line = row.line;
    if (take_row(reader, &row, ret_row, err) < 0)
        return err_wrap(err, "line %" PRIu64, row.line);
    return 1;
}
