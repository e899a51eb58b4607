/* dataset.c - names and rows out; see dataset.h. */
#include "proto/dataset.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/dataset_local.h"

const struct dataset_table dataset_tables[DATASET_KINDS] = {
    [DATASET_USERS] = {"users.csv",
                       "dataset/users/users.csv",
                       4,
                       {{"USER_ID", NULL, true},
                        {"GENERATION", NULL, false},
                        {"GENDER", NULL, false},
                        {"EMOTION", NULL, true}}},
    [DATASET_ITEMS] = {"items.csv",
                       "dataset/items/items.csv",
                       3,
                       {{"ITEM_ID", NULL, true},
                        {"TIMESTAMP", "CREATION_TIMESTAMP", false},
                        {"EMOTION", NULL, false}}},
    [DATASET_INTERACTIONS] = {"interactions.csv",
                              "dataset/interactions/interactions.csv",
                              5,
                              {{"USER_ID", NULL, true},
                               {"ITEM_ID", NULL, true},
                               {"TIMESTAMP", NULL, true},
                               {"EVENT_TYPE", NULL, false},
                               {"IMPRESSION", NULL, false}}},
};

const char *const dataset_types[] = {"click", "dislike", "skip", "view", NULL};

const char *dataset_file(enum dataset_kind kind)
{
    return dataset_tables[kind].file;
}

const char *dataset_key(enum dataset_kind kind)
{
    return dataset_tables[kind].key;
}

void dataset_write_header(struct buf *out, enum dataset_kind kind)
{
    const struct dataset_table *table = &dataset_tables[kind];

    for (size_t i = 0; i < table->column_count; i++) {
        if (i > 0)
            buf_append_char(out, ',');
        buf_append_str(out, table->columns[i].name);
    }
    buf_append_char(out, '\n');
}

static void write_text(struct buf *out, const struct csv_field *field, char after)
{
    csv_write_field(out, field->text, field->size);
    buf_append_char(out, after);
}

static void write_number(struct buf *out, int64_t number)
{
    char text[24];
    char *p = text + sizeof text;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    *--p = ',';
    do {
        *--p = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        *--p = '-';
    buf_append(out, p, (size_t)(text + sizeof text - p));
}

void dataset_write_user(struct buf *out, const struct dataset_user *user)
{
    write_text(out, &user->user_id, ',');
    write_text(out, &user->generation, ',');
    write_text(out, &user->gender, ',');
    write_text(out, &user->emotion, '\n');
}

void dataset_write_item(struct buf *out, const struct dataset_item *item)
{
    write_text(out, &item->item_id, ',');
    write_number(out, item->timestamp_s);
    write_text(out, &item->emotion, '\n');
}

/* -- impressions -- */

/* How many bytes all ids may take at most, and whether they need quotes. */
static size_t look_at(const struct dataset_interaction *act, bool *ret_quoted)
{
    size_t size = 2;
    bool quoted = false;

    for (size_t i = 0; i < act->impression_count; i++) {
        const struct csv_field *id = &act->impression[i];

        for (size_t j = 0; j < id->size && !quoted; j++) {
            const char c = id->text[j];

            quoted = c == ',' || c == '"' || c == '\n' || c == '\r';
        }
        size += 2 * id->size + 1;
    }
    *ret_quoted = quoted;
    return size;
}

static char *put_id(char *to, const struct csv_field *id)
{
    for (size_t i = 0; i < id->size; i++) {
        const char c = id->text[i];

        if (c == '|' || c == '\\')
            *to++ = '\\';
        else if (c == '"')
            *to++ = '"';
        *to++ = c;
    }
    return to;
}

static void write_impression(struct buf *out, const struct dataset_interaction *act)
{
    bool quoted;
    char *room = buf_reserve(out, look_at(act, &quoted)), *to = room;

    if (!room)
        return;
    if (quoted)
        *to++ = '"';
    for (size_t i = 0; i < act->impression_count; i++) {
        if (i > 0)
            *to++ = '|';
        to = put_id(to, &act->impression[i]);
    }
    if (quoted)
        *to++ = '"';
    out->size += (size_t)(to - room);
}

void dataset_write_interaction(struct buf *out, const struct dataset_interaction *act)
{
    write_text(out, &act->user_id, ',');
    write_text(out, &act->item_id, ',');
    write_number(out, act->timestamp_s);
    buf_append_str(out, dataset_types[act->type]);
    buf_append_char(out, ',');
    write_impression(out, act);
    buf_append_char(out, '\n');
}
