/* What item-ingest makes of events that none of our writers sent, of pictures that are none,
 * and of records that cannot be read. */
#include "lib/crypto/crypto.h"
#include "proto/dead_letter.h"
#include "proto/item_event.h"
#include "tests/support/ingest.h"
#include "tests/test.h"

#define GARDEN_KEY "emotions/happy/spring,sunny,day/img_20260504-090800_0h.jpeg"
#define TRACE_ID "4bf92f3577b34da6a3ce929d0e0e4736"

static void load(const char *path, struct buf *bytes)
{
    FILE *f = fopen(path, "rbe");
    char part[4096];
    size_t n;

    CHECK(f != NULL);
    buf_clear(bytes);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_append(bytes, part, n);
    (void)fclose(f);
}

static void load_picture(struct buf *bytes)
{
    load("tests/golden/pictures/img_20260504-090800_0h.jpeg", bytes);
}

static void put(struct ingest *in, const char *key, const struct buf *bytes)
{
    struct err err = {0};

    CHECK_OK(store_put(in->store, key, bytes->data, bytes->size, NULL, NULL, &err), err);
}

/* An event as MinIO words it, without our metadata. key is URL-encoded. */
static void tell_minio(struct ingest *in, const char *name, const char *key, const char *time,
                       const char *more)
{
    char value[2048];
    const struct bus_header trace = {"traceparent", "00-" TRACE_ID "-00f067aa0ba902b7-01", 55};

    (void)snprintf(value, sizeof value,
                   "{\"EventName\":\"%s\",\"Key\":\"garden/%s\",\"Records\":[{\"eventName\":"
                   "\"%s\",\"eventTime\":\"%s\",\"s3\":{\"bucket\":{\"name\":\"garden\"},"
                   "\"object\":{\"key\":\"%s\"%s}}}]}",
                   name, key, name, time, key, more);
    ingest_tell_raw(in, NULL, value, strlen(value), &trace, 1);
}

static void tell_created(struct ingest *in, const char *key)
{
    tell_minio(in, "s3:ObjectCreated:Put", key, "2026-05-04T09:08:07.000Z", ",\"size\":1");
}

struct letters {
    const char *key; /* part of the value to look for */
    int found;
    char reason[256];
};

static int note_letter(void *ctx, const struct bus_record *record, struct err *err)
{
    struct letters *letters = ctx;
    struct dead_letter_origin origin;

    if (!record->value ||
        !memmem(record->value, record->value_size, letters->key, strlen(letters->key)))
        return 0;
    CHECK_OK(dead_letter_read(record, &origin, err), *err);
    CHECK_INT(origin.service_size, ==, strlen("item-ingest"));
    (void)snprintf(letters->reason, sizeof letters->reason, "%.*s", (int)origin.reason_size,
                   origin.reason);
    letters->found++;
    return 0;
}

/* The one dead letter whose value has this text; checks its reason. */
static void check_letter(struct ingest *in, const char *text, const char *reason)
{
    struct letters letters = {.key = text};

    ingest_each(in, TOPIC_DEAD_LETTERS, note_letter, &letters);
    if (letters.found != 1)
        TEST_FAIL("%d dead letters with %s", letters.found, text);
    CHECK_HAS(letters.reason, reason);
}

static bool is_live(struct ingest *in, const char *key)
{
    struct catalog_item row;

    return ingest_row(in, key, &row) && row.state == CATALOG_LIVE;
}

static int check_item(void *ctx, const struct bus_record *record, struct err *err)
{
    OWNED_VALUE(buf) storage = {0};
    struct item_event event;
    size_t size = 0;
    const char *trace = bus_record_header(record, "traceparent", &size);

    CHECK(record->value != NULL);
    CHECK_OK(item_event_decode(record->value, record->value_size, &event, &storage, err), *err);
    CHECK_STR(event.item_id, GARDEN_KEY);
    CHECK_STR(event.emotion, "happy/spring,sunny,day");
    CHECK_INT(event.orientation, ==, 'h');
    CHECK(trace && memmem(trace, size, TRACE_ID, strlen(TRACE_ID)) != NULL);
    ++*(int *)ctx;
    return 0;
}

TEST(a_foreign_picture_is_looked_at_and_catalogued)
{
    OWNED_VALUE(buf) picture = {0};
    char sha256[SHA256_HEX];
    struct catalog_item row;
    struct ingest in;
    int items = 0;

    load_picture(&picture);
    sha256_hex(picture.data, picture.size, sha256);
    ingest_prepare(&in, NULL, NULL);
    put(&in, GARDEN_KEY, &picture);
    tell_created(&in, "emotions%2Fhappy%2Fspring%2Csunny%2Cday%2Fimg_20260504-090800_0h.jpeg");
    ingest_start(&in);
    ingest_settle(&in);
    CHECK(ingest_row(&in, GARDEN_KEY, &row));
    CHECK_INT(row.state, ==, CATALOG_LIVE);
    CHECK_STR(row.sha256, sha256);
    CHECK_INT(row.width, >, 0);
    CHECK_INT(row.size_bytes, ==, picture.size); /* not what the event claimed */
    ingest_stop(&in);
    ingest_each(&in, TOPIC_ITEMS, check_item, &items);
    CHECK_INT(items, ==, 1);
    ingest_done(&in);
}

static void tell_bad_pictures(struct ingest *in)
{
    OWNED_VALUE(buf) picture = {0};
    OWNED_VALUE(buf) text = {0};

    load_picture(&picture);
    picture.size /= 2;
    put(in, "emotions/sad/cut_h.jpeg", &picture);
    buf_append_str(&text, "this is no picture at all");
    put(in, "emotions/sad/text_h.jpeg", &text);
    tell_created(in, "emotions/sad/cut_h.jpeg");
    tell_created(in, "emotions/sad/text_h.jpeg");
    tell_created(in, "emotions/sad/never_was_h.jpeg");
}

static void tell_bad_records(struct ingest *in)
{
    tell_created(in, "emotions/joyful/a_h.jpeg");
    tell_created(in, "emotions/happy/a/b/c_h.jpeg");
    tell_created(in, "imgPool/happy/../c_h.jpeg");
    tell_created(in, "emotions/happy/broken%2_h.jpeg");
    ingest_tell_raw(in, "k", "{\"Records\":[{\"cut", 17, NULL, 0);
    ingest_tell_raw(in, "k", NULL, 0, NULL, 0);
    tell_created(in, "display/zone1/img1h.jpeg");
    tell_minio(in, "s3:ObjectTagging:Put", "emotions/happy/tagged_h.jpeg",
               "2026-05-04T09:08:07.000Z", "");
}

static void check_bad(struct ingest *in)
{
    check_letter(in, "cut_h.jpeg", "");
    check_letter(in, "text_h.jpeg", "");
    check_letter(in, "joyful", "joyful");
    check_letter(in, "happy/a/b/c_h", "");
    check_letter(in, "..", "");
    check_letter(in, "broken%2", "percent");
    check_letter(in, "[{\"cut", "");
    CHECK_INT(ingest_count(in, TOPIC_DEAD_LETTERS), ==, 8);
    CHECK_INT(ingest_count(in, TOPIC_ITEMS), ==, 0);
    CHECK(!is_live(in, "emotions/sad/cut_h.jpeg"));
    CHECK(!is_live(in, "emotions/sad/text_h.jpeg"));
    CHECK(!is_live(in, "emotions/sad/never_was_h.jpeg"));
}

TEST(what_cannot_be_used_is_dead_lettered_once)
{
    struct ingest in;
    uint64_t versions;

    ingest_prepare(&in, NULL, NULL);
    tell_bad_pictures(&in);
    tell_bad_records(&in);
    ingest_start(&in);
    ingest_settle(&in);
    CHECK_INT(ingest_figure(&in, "item_ingest_events_total{outcome=\"gone\"}"), ==, 1);
    CHECK_INT(ingest_figure(&in, "item_ingest_events_total{outcome=\"outside\"}"), ==, 1);
    CHECK_INT(ingest_figure(&in, "item_ingest_events_total{outcome=\"other\"}"), ==, 1);
    CHECK_INT(ingest_figure(&in, "item_ingest_dead_letters_total{reason=\"key\"}"), ==, 3);
    ingest_stop(&in);
    check_bad(&in);
    versions = ingest_versions(&in);

    ingest_rewind(&in);
    ingest_start(&in);
    ingest_settle(&in);
    ingest_stop(&in);
    check_bad(&in);
    CHECK_INT(ingest_versions(&in), ==, versions);
    ingest_done(&in);
}

TEST(a_refused_picture_that_is_written_well_is_catalogued)
{
    OWNED_VALUE(buf) picture = {0};
    struct ingest in;

    ingest_prepare(&in, NULL, NULL);
    ingest_start(&in);
    tell_bad_pictures(&in);
    ingest_settle(&in);
    CHECK(!is_live(&in, "emotions/sad/cut_h.jpeg"));
    load_picture(&picture);
    put(&in, "emotions/sad/cut_h.jpeg", &picture);
    tell_minio(&in, "s3:ObjectCreated:Put", "emotions/sad/cut_h.jpeg",
               "2026-05-04T09:08:08.000Z", "");
    ingest_settle(&in);
    CHECK(is_live(&in, "emotions/sad/cut_h.jpeg"));
    ingest_done(&in);
}

TEST(a_cleared_item_stays_away_until_it_is_written_again)
{
    OWNED_VALUE(buf) picture = {0};
    struct object_event clear = {.change = OBJECT_CLEARED, .key = GARDEN_KEY};
    struct ingest in;

    load_picture(&picture);
    ingest_prepare(&in, NULL, NULL);
    ingest_start(&in);
    put(&in, GARDEN_KEY, &picture);
    tell_created(&in, GARDEN_KEY);
    clear.event_time_ms = 1777885688000; /* a second after the picture */
    ingest_tell(&in, &clear, 1);
    ingest_settle(&in);
    CHECK(!is_live(&in, GARDEN_KEY));
    tell_created(&in, GARDEN_KEY); /* the same event again */
    ingest_settle(&in);
    CHECK(!is_live(&in, GARDEN_KEY));
    tell_minio(&in, "s3:ObjectCreated:Put", GARDEN_KEY, "2026-05-04T09:08:09.000Z", "");
    ingest_settle(&in);
    CHECK(is_live(&in, GARDEN_KEY));
    ingest_done(&in);
}

TEST(two_events_that_nothing_orders_are_settled_by_the_store)
{
    OWNED_VALUE(buf) picture = {0};
    struct ingest in;
    const char *there = "emotions/calm/there_h.jpeg", *gone = "emotions/calm/gone_h.jpeg";
    const char *time = "2026-05-04T09:08:07.000Z";

    load_picture(&picture);
    ingest_prepare(&in, NULL, NULL);
    put(&in, there, &picture);
    ingest_start(&in);
    tell_minio(&in, "s3:ObjectCreated:Put", there, time, "");
    tell_minio(&in, "s3:ObjectRemoved:Delete", there, time, "");
    tell_minio(&in, "s3:ObjectRemoved:Delete", gone, time, "");
    tell_minio(&in, "s3:ObjectCreated:Put", gone, time, "");
    ingest_settle(&in);
    CHECK(is_live(&in, there));
    CHECK(!is_live(&in, gone));
    ingest_done(&in);
}
