/* dataset_import.c - see dataset_import.h. */
#include "gardenctl/dataset_import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gardenctl/command.h"
#include "gardenctl/progress.h"
#include "gardenctl/topic_keys.h"
#include "lib/crypto/crypto.h"
#include "proto/envelope.h"
#include "proto/key.h"
#include "proto/topics.h"
#include "proto/user_event.h"

#define SOURCE "/gardenctl"

enum {
    AT_ONCE = 1000, /* records in one publish */
    PUBLISH_MS = 60000,
    SAID_MAX = 100, /* rows that are named; more are counted */
    EVENT_ID = 64,
};

/* A record that waits to be published. */
struct waiting {
    char id[EVENT_ID];
    struct buf key, value;
    struct envelope envelope;
};

struct import {
    const struct dataset_import_conf *conf;
    enum dataset_kind kind;
    struct dataset_import_count *count;
    struct progress progress;
    int64_t file_ms;
    struct topic_keys *keys; /* of users or items */
    struct waiting *waiting; /* AT_ONCE */
    size_t waiting_count;
    struct buf row, last_row; /* interactions, as we write them */
    uint64_t same;            /* how many rows before are equal to this one */
};

static void say_refused(struct import *import, struct err *why)
{
    if (import->count->refused++ < SAID_MAX)
        progress_say(&import->progress, "REFUSED %s %s", dataset_file(import->kind),
                     command_printable(why->text));
    err_clear(why);
}

/* -- publishing -- */

static int flush(struct import *import, struct err *err)
{
    struct bus_record records[AT_ONCE];

    for (size_t i = 0; i < import->waiting_count; i++) {
        const struct waiting *waiting = &import->waiting[i];

        if (!buf_ok(&waiting->key) || !buf_ok(&waiting->value))
            return err_set_nomem(err, "a record");
        records[i] = (struct bus_record){
            .topic = import->kind == DATASET_USERS ? TOPIC_USERS : TOPIC_INTERACTIONS,
            .timestamp_ms = import->kind == DATASET_USERS ? import->file_ms : 0,
            .key = waiting->key.data,
            .key_size = waiting->key.size,
            .value = waiting->value.data,
            .value_size = waiting->value.size,
            .headers = waiting->envelope.headers,
            .header_count = ENVELOPE_HEADERS};
    }
    if (bus_publish(import->conf->bus, records, import->waiting_count, PUBLISH_MS, err) < 0)
        return err->code;
    import->count->imported += import->waiting_count;
    import->waiting_count = 0;
    return 0;
}

/* The record to be filled; its value is empty. */
static struct waiting *next_waiting(struct import *import)
{
    struct waiting *waiting = &import->waiting[import->waiting_count];

    buf_clear(&waiting->value);
    return waiting;
}

/* Its value was filled. */
static int enqueue(struct import *import, const char *type, const struct csv_field *key,
                   int64_t time_ms, struct err *err)
{
    struct waiting *waiting = &import->waiting[import->waiting_count];

    if (import->conf->check_only) {
        import->count->imported++;
        return 0;
    }
    buf_clear(&waiting->key);
    buf_append(&waiting->key, key->text, key->size);
    envelope_fill(&waiting->envelope, type, SOURCE, *waiting->id ? waiting->id : NULL, time_ms,
                  NULL);
    return ++import->waiting_count == AT_ONCE ? flush(import, err) : 0;
}

/* -- rows -- */

static int take_user(struct import *import, const struct dataset_user *user, struct err *why,
                     struct err *err)
{
    const struct user_event event = {.user_id = user->user_id.text,
                                     .generation = user->generation.text,
                                     .gender = user->gender.text,
                                     .emotion = user->emotion.text,
                                     .source = "",
                                     .timestamp_ms = import->file_ms};
    struct waiting *waiting = next_waiting(import);

    waiting->id[0] = '\0';
    if (user_event_encode(&waiting->value, &event, why) < 0)
        return why->code == ERR_INVALID ? 0 : err_set(err, why->code, "%s", why->text);
    if (topic_keys_find(import->keys, user->user_id.text, user->user_id.size) !=
        TOPIC_KEY_UNKNOWN)
        return 0;
    if (topic_keys_add(import->keys, user->user_id.text, user->user_id.size, err) < 0)
        return err->code;
    return enqueue(import, EVENT_USER_CHANGED, &user->user_id, import->file_ms, err);
}

/* An item's id is its key in the store. */
static int take_item(struct import *import, const struct dataset_item *item, struct err *why)
{
    struct key key;

    if (key_parse(item->item_id.text, item->item_id.size, &key, why) < 0)
        return 0;
    if (topic_keys_find(import->keys, item->item_id.text, item->item_id.size) == TOPIC_KEY_LIVE)
        import->count->imported++;
    return 0;
}

/* The event's id: what the row hashes to, and which of equal rows it is. */
static int make_id(struct import *import, const struct dataset_interaction *act,
                   char ret_id[EVENT_ID], struct err *err)
{
    const struct buf last = import->last_row;
    char hash[SHA256_HEX];

    import->last_row = import->row;
    import->row = last;
    buf_clear(&import->row);
    dataset_write_interaction(&import->row, act);
    if (!buf_ok(&import->row))
        return err_set_nomem(err, "a row");
    import->same =
        import->row.size == import->last_row.size &&
                memcmp(import->row.data, import->last_row.data, import->row.size) == 0
            ? import->same + 1
            : 0;
    sha256_hex(import->row.data, import->row.size, hash);
    (void)snprintf(ret_id, EVENT_ID, "row-%.32s-%" PRIu64, hash, import->same);
    return 0;
}

static int take_act(struct import *import, const struct dataset_interaction *act,
                    struct err *why, struct err *err)
{
    const char *shown[INTERACTION_IMPRESSION_MAX];
    struct waiting *waiting = next_waiting(import);
    const struct interaction_event event = {.user_id = act->user_id.text,
                                            .item_id = act->item_id.text,
                                            .type = act->type,
                                            .impression = shown,
                                            .impression_count = act->impression_count,
                                            .timestamp_ms = act->timestamp_s * 1000,
                                            .event_id = waiting->id};

    for (size_t i = 0; i < act->impression_count; i++)
        shown[i] = act->impression[i].text;
    if (make_id(import, act, waiting->id, err) < 0)
        return err->code;
    if (interaction_event_encode(&waiting->value, &event, why) < 0)
        return why->code == ERR_INVALID ? 0 : err_set(err, why->code, "%s", why->text);
    return enqueue(import, EVENT_INTERACTION_RECORDED, &act->user_id, event.timestamp_ms, err);
}

static int take(struct import *import, const struct dataset_row *row, struct err *err)
{
    struct err why = {0};
    int r;

    if (import->kind == DATASET_USERS)
        r = take_user(import, &row->user, &why, err);
    else if (import->kind == DATASET_ITEMS)
        r = take_item(import, &row->item, &why);
    else
        r = take_act(import, &row->interaction, &why, err);
    if (r < 0)
        return r;
    if (why.code) {
        (void)err_wrap(&why, "line %" PRIu64, row->line);
        say_refused(import, &why);
    } else {
        import->count->rows++;
    }
    progress_at(&import->progress, import->count->rows + import->count->refused);
    return 0;
}

static int read_rows(struct import *import, int fd, struct err *err)
{
    OWNED(dataset_reader)
    reader = dataset_reader_new(import->kind, csv_source_fd, &fd, err);
    struct dataset_row row;
    struct err why = {0};
    int r;

    if (!reader)
        return err->code;
    while ((r = dataset_read(reader, &row, &why)) != 0) {
        if (r == ERR_INVALID) {
            say_refused(import, &why);
            continue;
        }
        if (r < 0)
            return err_set(err, why.code, "%s", why.text);
        if (take(import, &row, err) < 0)
            return err->code;
    }
    return import->waiting_count > 0 ? flush(import, err) : 0;
}

/* -- the file -- */

static int prepare(struct import *import, struct err *err)
{
    import->waiting = calloc(AT_ONCE, sizeof *import->waiting);
    if (!import->waiting)
        return err_set_nomem(err, "records");
    if (import->kind == DATASET_INTERACTIONS)
        return 0;
    import->keys = topic_keys_read(
        import->conf->bus, import->kind == DATASET_USERS ? TOPIC_USERS : TOPIC_ITEMS, err);
    return import->keys ? 0 : err->code;
}

static void import_done(struct import *import)
{
    for (size_t i = 0; import->waiting && i < AT_ONCE; i++) {
        buf_done(&import->waiting[i].key);
        buf_done(&import->waiting[i].value);
    }
    free(import->waiting);
    topic_keys_free(import->keys);
    buf_done(&import->row);
    buf_done(&import->last_row);
}

/* 0: it is not there. */
static int open_file(struct import *import, struct err *err)
{
    char path[PATH_MAX];
    struct stat st;
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", import->conf->dir, dataset_file(import->kind));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) { /* as they lie in the store */
        (void)snprintf(path, sizeof path, "%s/%s", import->conf->dir,
                       strchr(dataset_key(import->kind), '/') + 1);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return err_set_errno(err, "opening %.200s", path);
    if (fstat(fd, &st) == 0)
        import->file_ms = st.st_mtim.tv_sec * 1000;
    return fd;
}

int dataset_import(const struct dataset_import_conf *conf, enum dataset_kind kind,
                   struct dataset_import_count *ret_count, struct err *err)
{
    struct import import = {.conf = conf, .kind = kind, .count = ret_count};
    int fd, r;

    *ret_count = (struct dataset_import_count){.there = false};
    fd = open_file(&import, err);
    if (fd <= 0)
        return fd;
    ret_count->there = true;
    progress_start(&import.progress, conf->check_only ? "checking" : "importing", "rows", 0);
    r = prepare(&import, err);
    if (r == 0)
        r = read_rows(&import, fd, err);
    progress_end(&import.progress);
    import_done(&import);
    (void)close(fd);
    return r < 0 ? err_wrap(err, "%s", dataset_file(kind)) : 0;
}
