/* dataset.h - the three data sets as CSV, in the format of Amazon Personalize's bulk import.
 *
 *   users.csv         USER_ID,GENERATION,GENDER,EMOTION
 *   items.csv         ITEM_ID,TIMESTAMP,EMOTION
 *   interactions.csv  USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,IMPRESSION
 *
 * TIMESTAMP is in seconds since the epoch. EVENT_TYPE is "click" for a like; dislike, skip and
 * view keep their names. IMPRESSION holds the ids of the pictures that were shown, joined by
 * '|'; a '|' or '\' inside an id is written with a '\' before it, so that every id reads back
 * as it was: "a|b\c" and "d" are "a\|b\\c|d". A '\' before anything else stands for itself.
 *
 * Written are these columns, in this order, with LF. Read is what others write, too: columns in
 * any order, by their names in either case, unknown ones passed over; GENERATION, GENDER,
 * EVENT_TYPE, IMPRESSION and the items' TIMESTAMP (also as CREATION_TIMESTAMP) and EMOTION may
 * be missing; "like" is "click", and so is an EVENT_TYPE that is empty; generation, gender and
 * emotion in either case. */
#ifndef PROTO_DATASET_H
#define PROTO_DATASET_H

#include "lib/csv/csv.h"
#include "proto/interaction_event.h"

enum dataset_kind { DATASET_USERS, DATASET_ITEMS, DATASET_INTERACTIONS, DATASET_KINDS };

/* "users.csv", and the object's key "dataset/users/users.csv". */
const char *dataset_file(enum dataset_kind kind);
const char *dataset_key(enum dataset_kind kind);

/* Written after the three: which belong together, and what they hash to. */
#define DATASET_MANIFEST_KEY "dataset/manifest.json"

struct dataset_user {
    struct csv_field user_id, generation, gender, emotion;
};

struct dataset_item {
    struct csv_field item_id;
    int64_t timestamp_s;
    struct csv_field emotion; /* the search key */
};

struct dataset_interaction {
    struct csv_field user_id, item_id;
    int64_t timestamp_s;
    enum interaction_type type;
    const struct csv_field *impression; /* ids, not empty */
    size_t impression_count;            /* at most INTERACTION_IMPRESSION_MAX */
};

/* Each appends a line. */
void dataset_write_header(struct buf *out, enum dataset_kind kind);
void dataset_write_user(struct buf *out, const struct dataset_user *user);
void dataset_write_item(struct buf *out, const struct dataset_item *item);
void dataset_write_interaction(struct buf *out, const struct dataset_interaction *act);

/* A row that was read; which of the three depends on the reader. Texts are NUL-terminated, and
 * generation, gender, and a user's emotion are "" or as user_event.h spells them. */
struct dataset_row {
    uint64_t line;
    struct dataset_user user;
    struct dataset_item item;
    struct dataset_interaction interaction;
};

struct dataset_reader;

/* Reads the header. ERR_INVALID names the column that is missing or there twice. */
struct dataset_reader *dataset_reader_new(enum dataset_kind kind, csv_source *source, void *ctx,
                                          struct err *err);
void dataset_reader_free(struct dataset_reader *reader);
DEFINE_OWNED(dataset_reader)

/* As csv_read: 1, 0, ERR_INVALID for a row that is left ("line N: what is wrong"), or what the
 * source failed with. The row is borrowed until the next call. */
int dataset_read(struct dataset_reader *reader, struct dataset_row *ret_row, struct err *err);

#endif
