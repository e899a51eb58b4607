/* Objects are changed first and told of second, each with what became of it. */
#include "services/common/object_writer.h"

#include "proto/object_event.h"
#include "proto/topics.h"
#include "services/common/garden_conf.h"
#include "tests/support/process.h"
#include "tests/test.h"

#define SHA "00000000000000000000000000000000000000000000000000000000000000ff"

struct place {
    struct bus *bus;
    struct store *store;
    struct object_writer_conf writer;
};

static void open_place(struct place *place, bool topics)
{
    const struct garden_conf conf = {
        .data = folder_new(), .bus = "local", .store = "fs", .catalog = "sqlite"};
    struct err err = {0};

    place->bus = garden_open_bus(&conf, "test", &err);
    place->store = garden_open_store(&conf, &err);
    CHECK_OK(err.code, err);
    if (topics)
        CHECK_OK(bus_create_topics(place->bus, garden_topics, garden_topic_count, &err), err);
    place->writer = (struct object_writer_conf){
        .store = place->store, .bus = place->bus, .source = "/test", .timeout_ms = 10000};
}

static void close_place(struct place *place)
{
    store_free(place->store);
    bus_free(place->bus);
}

/* Every event that was told. */
struct told {
    struct object_event events[8];
    int count;
    size_t key_size; /* of the last record */
};

static int note_event(void *ctx, const struct object_event *event, struct err *err)
{
    struct told *told = ctx;

    (void)err;
    CHECK_INT(told->count, <, 8);
    told->events[told->count++] = *event;
    return 0;
}

static int note_record(void *ctx, const struct bus_record *record, struct err *err)
{
    struct told *told = ctx;
    size_t size;

    CHECK(bus_record_header(record, "ce_id", &size) != NULL);
    CHECK(bus_record_header(record, "traceparent", &size) != NULL);
    told->key_size = record->key_size;
    return object_event_decode(record->value, record->value_size, note_event, told, err);
}

static void read_told(struct place *place, struct told *told)
{
    struct bus_partition_info infos[16];
    struct err err = {0};
    int count = bus_topic_info(place->bus, TOPIC_OBJECTS, infos, 16, 1000, &err);

    memset(told, 0, sizeof *told);
    for (int i = 0; i < count; i++)
        CHECK_OK(bus_read(place->bus, TOPIC_OBJECTS, i, 0, 100, note_record, told, &err), err);
}

static const struct object_event *told_of(const struct told *told, const char *key)
{
    for (int i = 0; i < told->count; i++)
        if (strcmp(told->events[i].key, key) == 0)
            return &told->events[i];
    TEST_FAIL("nothing was told of %s", key);
}

static int apply(struct place *place, const struct object_change_request *requests,
                 size_t count, struct object_change_result *results)
{
    struct err err = {0};
    int worked = object_writer_apply(&place->writer, requests, count, NULL, results, &err);

    CHECK_OK(worked, err);
    return worked;
}

static const struct store_meta meta = {.sha256 = SHA, .width = 1280, .height = 800};

#define PUT(key_)                                                                     \
    {                                                                                 \
        .what = OBJECT_PUT, .key = (key_), .data = "bytes", .size = 5, .meta = &meta, \
        .control = "imgPool/happy/c_h.jpeg"                                           \
    }

TEST(a_put_is_stored_and_told_with_what_was_measured)
{
    const struct object_change_request put = PUT("imgPool/happy/a_h.jpeg");
    struct object_change_result result;
    const struct object_event *event;
    struct store_info info;
    struct err err = {0};
    struct place place;
    struct told told;

    open_place(&place, true);
    CHECK_INT(apply(&place, &put, 1, &result), ==, 1);
    CHECK_OK(store_head(place.store, put.key, &info, &err), err);
    read_told(&place, &told);
    event = told_of(&told, put.key);
    CHECK_INT(event->change, ==, OBJECT_CREATED);
    CHECK_INT(event->size_bytes, ==, 5);
    CHECK_STR(event->sha256, SHA);
    CHECK_STR(event->etag, info.etag);
    CHECK_INT(event->width, ==, 1280);
    CHECK_STR(event->control, "imgPool/happy/c_h.jpeg");
    CHECK(*event->sequencer);
    CHECK_INT(told.key_size, ==, strlen(put.key));
    close_place(&place);
}

TEST(a_move_tells_of_both_keys_and_can_be_repeated)
{
    const struct object_change_request put = PUT("emotions/happy/a_h.jpeg");
    const struct object_change_request move = {.what = OBJECT_MOVE,
                                               .key = "emotions/happy/a_h.jpeg",
                                               .to = "trash/emotions/happy/a_h.jpeg"};
    struct object_change_result result;
    struct place place;
    struct told told;

    open_place(&place, true);
    CHECK_INT(apply(&place, &put, 1, &result), ==, 1);
    CHECK_INT(apply(&place, &move, 1, &result), ==, 1);
    CHECK_INT(apply(&place, &move, 1, &result), ==, 1); /* as after a failed publish */
    read_told(&place, &told);
    CHECK_INT(told.count, ==, 5);
    CHECK_INT(told_of(&told, move.to)->change, ==, OBJECT_CREATED);
    close_place(&place);
}

TEST(one_that_cannot_be_does_not_hold_up_the_others)
{
    const struct object_change_request requests[] = {
        PUT("emotions/happy/a_h.jpeg"),
        {.what = OBJECT_COPY, .key = "imgPool/none_h.jpeg", .to = "emotions/sad/none_h.jpeg"},
        PUT("emotions/../escape.jpeg"),
        {.what = OBJECT_REMOVE, .key = "emotions/calm/never_was_h.jpeg"},
    };
    struct object_change_result results[4];
    struct place place;
    struct told told;

    open_place(&place, true);
    CHECK_INT(apply(&place, requests, 4, results), ==, 2);
    CHECK_INT(results[0].code, ==, 0);
    CHECK_INT(results[1].code, ==, ERR_NOT_FOUND);
    CHECK_INT(results[2].code, ==, ERR_INVALID);
    CHECK(*results[2].reason);
    CHECK_INT(results[3].code, ==, 0);
    read_told(&place, &told);
    CHECK_INT(told.count, ==, 2);
    CHECK_INT(told_of(&told, requests[3].key)->change, ==, OBJECT_REMOVED);
    close_place(&place);
}

TEST(a_store_that_tells_by_itself_is_not_repeated_but_clearing_is_told)
{
    const struct object_change_request requests[] = {
        PUT("emotions/happy/a_h.jpeg"),
        {.what = OBJECT_CLEAR, .key = "emotions/happy/a_h.jpeg"},
    };
    struct object_change_result results[2];
    struct place place;
    struct told told;

    open_place(&place, true);
    place.writer.silent = true;
    CHECK_INT(apply(&place, requests, 2, results), ==, 2);
    read_told(&place, &told);
    CHECK_INT(told.count, ==, 1);
    CHECK_INT(told.events[0].change, ==, OBJECT_CLEARED);
    CHECK_STR(told.events[0].sequencer, ""); /* the store's numbers are not ours */
    close_place(&place);
}

TEST(a_change_that_cannot_be_told_is_an_error)
{
    const struct object_change_request put = PUT("emotions/happy/a_h.jpeg");
    struct object_change_result result;
    struct err err = {0};
    struct place place;

    open_place(&place, false); /* there is no garden.objects */
    place.writer.timeout_ms = 200;
    CHECK_INT(object_writer_apply(&place.writer, &put, 1, NULL, &result, &err), <, 0);
    CHECK_HAS(err.text, TOPIC_OBJECTS);
    close_place(&place);
}
