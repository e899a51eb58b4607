/* object_event.c - see object_event.h. */
#include "proto/object_event.h"

#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/json/json.h"
#include "lib/json/json_skim.h"

#define META_PREFIX "x-amz-meta-garden-"

/* A sequencer with fewer digits is a counter and no time. */
enum { TIMED_SEQUENCER = 12 };

/* Where the parts of one record are. */
struct record {
    const json_t *root, *s3, *bucket, *object;
    struct buf *scratch;
};

static bool is_removal(const char *name)
{
    return text_starts_with(name, "ObjectRemoved:") ||
           text_starts_with(name, "LifecycleExpiration:") ||
           strcmp(name, "ObjectLifecycle:Expiration:Current") == 0; /* Ceph */
}

static enum object_change change_of(const char *name)
{
    if (text_starts_with(name, "s3:"))
        name += 3;
    if (text_starts_with(name, "ObjectCreated:") ||
        strcmp(name, "ObjectRestore:Completed") == 0)
        return OBJECT_CREATED;
    if (is_removal(name))
        return OBJECT_REMOVED;
    return strcmp(name, "garden:IndexCleared") == 0 ? OBJECT_CLEARED : OBJECT_OTHER;
}

static int read_bucket(const struct record *record, struct object_event *event, struct err *err)
{
    const char *name;

    if (json_get_str(record->bucket, "name", &name, err) < 0)
        return json_err_at(err, "s3.bucket");
    if (text_copy(event->bucket, sizeof event->bucket, name) < 0)
        return err_set(err, ERR_INVALID, "s3.bucket.name is longer than %zu bytes",
                       sizeof event->bucket - 1);
    return 0;
}

/* versitygw calls all its configurations "<engine>-global". */
static bool is_versitygw(const struct record *record)
{
    const char *configuration =
        json_string_value(json_object_get(record->s3, "configurationId"));

    return configuration && text_ends_with(configuration, "-global");
}

/* versitygw (1.8.0) sends keys as they are; all others URL-encode them. */
static int read_key(struct record *record, struct object_event *event, struct err *err)
{
    const char *key;

    if (json_get_str(record->object, "key", &key, err) < 0)
        return json_err_at(err, "s3.object");
    buf_clear(record->scratch);
    if (is_versitygw(record))
        buf_append_str(record->scratch, key);
    else if (text_url_decode(record->scratch, key, strlen(key), true, err) < 0)
        return err_wrap(err, "s3.object.key");
    if (record->scratch->size == 0)
        return err_set(err, ERR_INVALID, "s3.object.key is empty");
    if (text_copy(event->key, sizeof event->key, buf_text(record->scratch)) < 0)
        return err_set(err, ERR_INVALID, "s3.object.key is longer than %d bytes",
                       KEY_BYTES - 1);
    return 0;
}

static int read_time(const struct record *record, struct object_event *event, struct err *err)
{
    const char *text = NULL;

    if (json_opt_str(record->root, "eventTime", &text, err) < 0)
        return err->code;
    if (text && clock_parse_rfc3339(text, &event->event_time_ms, err) < 0)
        return err_wrap(err, "eventTime");
    return 0;
}

/* See object_event.h for whose cannot be compared. */
static bool sequencer_orders(const struct record *record, const char *sequencer)
{
    const char *source = json_string_value(json_object_get(record->root, "eventSource"));

    if (source && strcmp(source, "ceph:s3") == 0)
        return false;
    return !is_versitygw(record) || strlen(sequencer) >= TIMED_SEQUENCER;
}

static int read_sequencer(const struct record *record, struct object_event *event,
                          struct err *err)
{
    const char *text = NULL;

    if (json_opt_str(record->object, "sequencer", &text, err) < 0)
        return json_err_at(err, "s3.object");
    if (!text || !*text || !sequencer_orders(record, text))
        return 0;
    if (object_sequencer(text, event->sequencer, err) < 0)
        return err_wrap(err, "s3.object.sequencer");
    return 0;
}

static int read_size(const struct record *record, struct object_event *event, struct err *err)
{
    int64_t size = 0;

    if (json_opt_int(record->object, "size", &size, err) < 0)
        return json_err_at(err, "s3.object");
    if (size < 0)
        return err_set(err, ERR_INVALID, "s3.object.size is less than 0");
    event->size_bytes = (uint64_t)size;
    return 0;
}

/* An etag is only ever compared, so one that we cannot hold is as good as none. */
static void read_etag(const struct record *record, struct object_event *event)
{
    const char *text = json_string_value(json_object_get(record->object, "eTag"));
    size_t size = text ? strlen(text) : 0;

    if (size >= 2 && text[0] == '"' && text[size - 1] == '"') { /* versitygw */
        text++;
        size -= 2;
    }
    if (size == 0 || size >= sizeof event->etag)
        return;
    memcpy(event->etag, text, size);
    event->etag[size] = '\0';
}

static bool is_sha256(const char *text)
{
    size_t size = 0;

    for (; text_hex_digit(text[size]) >= 0; size++)
        if (text[size] >= 'A' && text[size] <= 'F')
            return false;
    return text[size] == '\0' && size == SHA256_HEX - 1;
}

static void read_side(const char *text, uint32_t *ret_side)
{
    struct err ignored = {0};
    int64_t side;

    if (text_parse_int(text, 1, UINT32_MAX, &side, &ignored) == 0)
        *ret_side = (uint32_t)side;
}

static void read_meta_pair(const char *name, const char *value, struct object_event *event)
{
    if (!name || !value || strncasecmp(name, META_PREFIX, strlen(META_PREFIX)) != 0)
        return;
    name += strlen(META_PREFIX);
    if (strcasecmp(name, "sha256") == 0 && is_sha256(value))
        (void)text_copy(event->sha256, sizeof event->sha256, value);
    else if (strcasecmp(name, "width") == 0)
        read_side(value, &event->width);
    else if (strcasecmp(name, "height") == 0)
        read_side(value, &event->height);
    else if (strcasecmp(name, "control") == 0)
        (void)text_copy(event->control, sizeof event->control, value);
}

/* MinIO: {"name": "value"}. Ceph: [{"key": "name", "val": "value"}]. */
static void read_meta(const struct record *record, struct object_event *event)
{
    json_t *pairs = json_object_get(record->object, "userMetadata"), *value;
    const json_t *list = json_object_get(record->object, "metadata"), *pair;
    const char *name;
    size_t i;

    json_object_foreach(pairs, name, value)
        read_meta_pair(name, json_string_value(value), event);
    json_array_foreach(list, i, pair)
        read_meta_pair(json_string_value(json_object_get(pair, "key")),
                       json_string_value(json_object_get(pair, "val")), event);
}

static void event_reset(struct object_event *event)
{
    event->bucket[0] = event->key[0] = event->sequencer[0] = event->etag[0] = '\0';
    event->sha256[0] = event->control[0] = '\0';
    event->event_time_ms = 0;
    event->size_bytes = 0;
    event->width = event->height = 0;
}

static int find_parts(struct record *record, struct err *err)
{
    json_t *s3, *bucket, *object;

    if (json_get_object(record->root, "s3", &s3, err) < 0)
        return err->code;
    if (json_get_object(s3, "bucket", &bucket, err) < 0 ||
        json_get_object(s3, "object", &object, err) < 0)
        return json_err_at(err, "s3");
    record->s3 = s3;
    record->bucket = bucket;
    record->object = object;
    return 0;
}

static int read_record(struct record *record, struct object_event *event, struct err *err)
{
    const char *name;

    event_reset(event);
    if (json_get_str(record->root, "eventName", &name, err) < 0)
        return err->code;
    event->change = change_of(name);
    if (event->change == OBJECT_OTHER)
        return 0;
    if (find_parts(record, err) < 0 || read_bucket(record, event, err) < 0 ||
        read_key(record, event, err) < 0 || read_time(record, event, err) < 0 ||
        read_sequencer(record, event, err) < 0 || read_size(record, event, err) < 0)
        return err->code;
    read_etag(record, event);
    read_meta(record, event);
    return 0;
}

/* A store sends this once to try the way, and it has no records. */
static bool is_test_event(const json_t *root)
{
    const char *event = json_string_value(json_object_get(root, "Event"));

    return event && strcmp(event, "s3:TestEvent") == 0;
}

/* The members that are read, at any depth: about a third of what the stores send. Asked for
 * every member there is, so the names' lengths are counted by the compiler. */
static bool is_read(const char *name, size_t size)
{
#define NAME(text)             \
    {                          \
        text, sizeof(text) - 1 \
    }
    static const struct {
        const char *text;
        size_t size;
    } names[] = {
        NAME("Records"),      NAME("Event"),    NAME("eventName"), NAME("eventTime"),
        NAME("eventSource"),  NAME("s3"),       NAME("bucket"),    NAME("name"),
        NAME("object"),       NAME("key"),      NAME("size"),      NAME("eTag"),
        NAME("sequencer"),    NAME("metadata"), NAME("val"),       NAME("configurationId"),
        NAME("userMetadata"),
    };
#undef NAME

    if (size > strlen(META_PREFIX))
        return strncasecmp(name, META_PREFIX, strlen(META_PREFIX)) == 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].size == size && memcmp(names[i].text, name, size) == 0)
            return true;
    return false;
}

int object_event_decode(const void *bytes, size_t size,
                        int (*fn)(void *ctx, const struct object_event *event, struct err *err),
                        void *ctx, struct err *err)
{
    OWNED_JSON root = json_skim(bytes, size, is_read, err);
    OWNED_VALUE(buf) scratch = {0};
    struct record record = {.scratch = &scratch};
    struct object_event event;
    json_t *records;
    size_t i;

    if (!root)
        return err->code;
    if (is_test_event(root))
        return 0;
    if (json_get_array(root, "Records", &records, err) < 0)
        return err->code;
    json_array_foreach(records, i, record.root)
    {
        int result;

        if (read_record(&record, &event, err) < 0)
            return json_err_at(err, "Records[%zu]", i);
        result = fn(ctx, &event, err);
        if (result < 0)
            return result;
    }
    return 0;
}

static const char *change_name(enum object_change change)
{
    switch (change) {
    case OBJECT_CREATED:
        return "ObjectCreated:Put";
    case OBJECT_REMOVED:
        return "ObjectRemoved:Delete";
    case OBJECT_CLEARED:
        return "garden:IndexCleared";
    case OBJECT_OTHER:
        break;
    }
    return NULL;
}

static void write_key(struct buf *out, const char *key)
{
    OWNED_VALUE(buf) encoded = {0};

    text_url_encode(&encoded, key, strlen(key), true);
    out->failed |= !buf_ok(&encoded);
    json_put_str(out, "key", buf_text(&encoded));
}

static void write_side(struct buf *out, const char *name, uint32_t side)
{
    char text[16];

    if (side == 0)
        return;
    (void)snprintf(text, sizeof text, "%u", side);
    json_put_str(out, name, text);
}

static void write_meta(struct buf *out, const struct object_event *event)
{
    json_write_name(out, "userMetadata");
    json_write_open(out, '{');
    if (*event->sha256)
        json_put_str(out, META_PREFIX "sha256", event->sha256);
    write_side(out, META_PREFIX "width", event->width);
    write_side(out, META_PREFIX "height", event->height);
    if (*event->control)
        json_put_str(out, META_PREFIX "control", event->control);
    json_write_close(out, '}');
}

static void write_object(struct buf *out, const struct object_event *event)
{
    json_write_name(out, "object");
    json_write_open(out, '{');
    write_key(out, event->key);
    if (event->change == OBJECT_CREATED) {
        json_put_int(out, "size", (int64_t)event->size_bytes);
        if (*event->etag)
            json_put_str(out, "eTag", event->etag);
        write_meta(out, event);
    }
    if (*event->sequencer)
        json_put_str(out, "sequencer", event->sequencer);
    json_write_close(out, '}');
}

static void write_s3(struct buf *out, const struct object_event *event)
{
    json_write_name(out, "s3");
    json_write_open(out, '{');
    json_put_str(out, "s3SchemaVersion", "1.0");
    json_write_name(out, "bucket");
    json_write_open(out, '{');
    json_put_str(out, "name", event->bucket);
    json_write_close(out, '}');
    write_object(out, event);
    json_write_close(out, '}');
}

int object_event_encode(struct buf *out, const struct object_event *event, struct err *err)
{
    const char *name = change_name(event->change);
    char time[CLOCK_TEXT];

    if (!name || !*event->bucket || !*event->key)
        return err_set(err, ERR_INVALID, "an object event needs a change, a bucket and a key");
    clock_format_rfc3339(event->event_time_ms, time);
    json_write_open(out, '{');
    json_write_name(out, "Records");
    json_write_open(out, '[');
    json_write_open(out, '{');
    json_put_str(out, "eventVersion", "2.2");
    json_put_str(out, "eventSource", "garden:store");
    json_put_str(out, "eventTime", time);
    json_put_str(out, "eventName", name);
    write_s3(out, event);
    json_write_close(out, '}');
    json_write_close(out, ']');
    json_write_close(out, '}');
    return buf_ok(out) ? 0 : err_set_nomem(err, "an object event");
}
