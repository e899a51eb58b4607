/* tables_latest.c - users and items; see tables.h. */
#include <string.h>

#include "proto/item_event.h"
#include "proto/topics.h"
#include "proto/user_event.h"
#include "services/csv-exporter/latest.h"
#include "services/csv-exporter/tables_local.h"

struct making {
    struct tables *tables;
    struct latest *latest;
    /* Writes the row of the record's event; ERR_INVALID. */
    int (*write)(struct making *making, const struct bus_record *record, struct err *err);
    struct buf row, storage;
};

static struct csv_field field_of(const char *text)
{
    return (struct csv_field){text, strlen(text)};
}

/* The key is what consumers go by, so the event has to agree with it. */
static int check_key(const struct bus_record *record, const char *id, struct err *err)
{
    if (strlen(id) == record->key_size && memcmp(id, record->key, record->key_size) == 0)
        return 0;
    return err_set(err, ERR_INVALID, "its key is not its id, '%.80s'", id);
}

static int write_user(struct making *making, const struct bus_record *record, struct err *err)
{
    struct user_event event;

    if (user_event_decode(record->value, record->value_size, &event, &making->storage, err) <
            0 ||
        check_key(record, event.user_id, err) < 0)
        return err->code;
    dataset_write_user(&making->row, &(struct dataset_user){
                                         field_of(event.user_id), field_of(event.generation),
                                         field_of(event.gender), field_of(event.emotion)});
    return 0;
}

static int write_item(struct making *making, const struct bus_record *record, struct err *err)
{
    struct item_event event;

    if (item_event_decode(record->value, record->value_size, &event, &making->storage, err) <
            0 ||
        check_key(record, event.item_id, err) < 0)
        return err->code;
    dataset_write_item(&making->row, &(struct dataset_item){field_of(event.item_id),
                                                            event.timestamp_ms / 1000,
                                                            field_of(event.emotion)});
    return 0;
}

static int take(void *ctx, const struct bus_record *record, struct err *err)
{
    struct making *making = ctx;
    struct err why = {0};

    if (!record->key || memchr(record->key, '\0', record->key_size)) {
        (void)err_set(&why, ERR_INVALID, "it has no key, or one with a NUL");
        return tables_unreadable(making->tables, record, &why);
    }
    if (!record->value)
        return latest_put(making->latest, record, NULL, err);
    buf_clear(&making->row);
    if (making->write(making, record, &why) == ERR_INVALID)
        return tables_unreadable(making->tables, record, &why);
    if (why.code)
        return err_set(err, why.code, "%s", why.text);
    if (!buf_ok(&making->row))
        return err_set_nomem(err, "a row");
    return latest_put(making->latest, record, &making->row, err);
}

static int make(const struct tables_conf *conf, struct making *making, const char *topic,
                struct csv_file *file, struct err *err)
{
    OWNED(latest) latest = latest_new(conf->dir, conf->memory_bytes, err);
    int r;

    if (!latest)
        return err->code;
    making->latest = latest;
    r = snapshot_read(conf->bus, &making->tables->snapshot, topic, conf->stop, take, making,
                      err);
    if (r == 0)
        r = latest_write(latest, file, err);
    buf_done(&making->row);
    buf_done(&making->storage);
    return r;
}

int tables_users(const struct tables_conf *conf, struct tables *tables, struct err *err)
{
    struct making making = {.tables = tables, .write = write_user};

    return make(conf, &making, TOPIC_USERS, &tables->files[DATASET_USERS], err);
}

int tables_items(const struct tables_conf *conf, struct tables *tables, struct err *err)
{
    struct making making = {.tables = tables, .write = write_item};

    return make(conf, &making, TOPIC_ITEMS, &tables->files[DATASET_ITEMS], err);
}
