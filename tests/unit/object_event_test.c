/* object_event_test.c - what each store publishes is read, and ours reads back the same. */
#include "proto/object_event.h"

#include "tests/test.h"
#include "tests/unit/golden.h"

enum { EVENTS_MAX = 8 };

struct list {
    struct object_event events[EVENTS_MAX];
    int count;
};

static int add(void *ctx, const struct object_event *event, struct err *err)
{
    struct list *list = ctx;

    (void)err;
    list->events[list->count++] = *event;
    return 0;
}

static struct list decode(const char *text)
{
    struct list list = {.count = 0};
    struct err err = {0};

    CHECK_OK(object_event_decode(text, strlen(text), add, &list, &err), err);
    return list;
}

static struct list decode_golden(const char *vendor)
{
    OWNED_VALUE(buf) text = {0};
    char path[128];

    (void)snprintf(path, sizeof path, "tests/golden/object_event.%s.json", vendor);
    file_load(path, &text);
    return decode(buf_text(&text));
}

static void refuses(const char *text, const char *reason)
{
    struct list list = {.count = 0};
    struct err err = {0};

    if (object_event_decode(text, strlen(text), add, &list, &err) != ERR_INVALID)
        TEST_FAIL("%s was taken", text);
    CHECK_STR(err.text, reason);
}

TEST(reads_aws)
{
    struct list list = decode_golden("aws");
    const struct object_event *event = &list.events[0];

    CHECK_INT(list.count, ==, 1);
    CHECK_INT(event->change, ==, OBJECT_CREATED);
    CHECK_STR(event->bucket, "emotion-gardens");
    CHECK_STR(event->key, "emotions/happy/spring,sunny,day/img_20260504-090807_3h.jpeg");
    CHECK_INT(event->event_time_ms, ==, 1777885687123);
    CHECK_STR(event->sequencer, "0055AED6DCD90281E5");
    CHECK_INT(event->size_bytes, ==, 204800);
    CHECK_STR(event->etag, "d41d8cd98f00b204e9800998ecf8427e");
    CHECK_STR(event->sha256, "");
    CHECK_INT(event->width, ==, 0);
    CHECK_STR(event->control, "");
}

TEST(reads_several_records_with_plus_and_percent)
{
    struct list list = decode_golden("aws-delete");

    CHECK_INT(list.count, ==, 3);
    CHECK_INT(list.events[0].change, ==, OBJECT_REMOVED);
    CHECK_STR(list.events[0].key, "imgPool/sad/a b+c_1v.jpeg");
    CHECK_STR(list.events[0].sequencer, "0055AED6DCD90281F");
    CHECK_INT(list.events[1].change, ==, OBJECT_OTHER);
    CHECK_INT(list.events[2].change, ==, OBJECT_REMOVED);
    CHECK_STR(list.events[2].key, "imgPool/calm/old_1h.jpeg");
}

TEST(test_events_have_no_records)
{
    CHECK_INT(decode_golden("aws-test").count, ==, 0);
    CHECK_INT(decode_golden("versitygw-test").count, ==, 0);
}

TEST(reads_minio_with_its_metadata)
{
    struct list list = decode_golden("minio");
    const struct object_event *event = &list.events[0];

    CHECK_INT(list.count, ==, 1);
    CHECK_INT(event->change, ==, OBJECT_CREATED);
    CHECK_STR(event->key, "imgPool/surprised/dawn/img_20260504-090807_0v.jpeg");
    CHECK_STR(event->sequencer, "178869619ED32F87");
    CHECK_STR(event->sha256,
              "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    CHECK_INT(event->width, ==, 800);
    CHECK_INT(event->height, ==, 1280);
}

TEST(reads_ceph_and_does_not_believe_its_sequencer)
{
    struct list list = decode_golden("ceph"), removed = decode_golden("ceph-delete");
    const struct object_event *event = &list.events[0];

    CHECK_INT(event->change, ==, OBJECT_CREATED);
    CHECK_STR(event->key,
              "emotions/calm/winter,snowy,the-early-dawn/img_20260504-090807_9v.jpeg");
    CHECK_INT(event->event_time_ms, ==, 1777885687470);
    CHECK_STR(event->sequencer, "");
    CHECK_INT(event->width, ==, 800);
    CHECK_INT(removed.events[0].change, ==, OBJECT_REMOVED);
    CHECK_STR(removed.events[0].key, "emotions/calm/gone_9v.jpeg");
    CHECK_STR(removed.events[0].etag, "");
}

TEST(reads_versitygw_as_it_was_captured_and_does_not_believe_its_counter)
{
    struct list list = decode_golden("versitygw"), removed = decode_golden("versitygw-delete");
    const struct object_event *event = &list.events[0];

    CHECK_INT(event->change, ==, OBJECT_CREATED);
    CHECK_STR(event->key,
              "imgPool/happy/spring,sunny,day/img \xed\x96\x89\xeb\xb3\xb5+1%_h.jpeg");
    CHECK_INT(event->event_time_ms, ==, 1795367586000);
    CHECK_STR(event->etag, "5d41402abc4b2a76b9719d911017c592");
    CHECK_STR(event->sequencer, "");
    CHECK_INT(removed.events[0].change, ==, OBJECT_REMOVED);
    CHECK_STR(removed.events[0].key, "emotions/angry/img_1h.jpeg");
    CHECK_STR(removed.events[0].sequencer, "");
}

static void check_equal(const struct object_event *a, const struct object_event *b)
{
    CHECK_INT(b->change, ==, a->change);
    CHECK_STR(b->bucket, a->bucket);
    CHECK_STR(b->key, a->key);
    CHECK_INT(b->event_time_ms, ==, a->event_time_ms);
    CHECK_STR(b->sequencer, a->sequencer);
    CHECK_INT(b->size_bytes, ==, a->size_bytes);
    CHECK_STR(b->etag, a->etag);
    CHECK_STR(b->sha256, a->sha256);
    CHECK_INT(b->width, ==, a->width);
    CHECK_INT(b->height, ==, a->height);
    CHECK_STR(b->control, a->control);
}

TEST(ours_reads_back_the_same)
{
    static const char *const samples[] = {"garden", "garden-cleared", "aws", "minio", "ceph"};

    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct list list = decode_golden(samples[i]), again;
        OWNED_VALUE(buf) text = {0};
        struct err err = {0};

        CHECK_OK(object_event_encode(&text, &list.events[0], &err), err);
        again = decode(buf_text(&text));
        check_equal(&list.events[0], &again.events[0]);
    }
}

#define RECORD(key_, rest_)                                                     \
    "{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"}," \
    "\"object\":{\"key\":\"" key_ "\"}}" rest_ "}"

TEST(the_least_that_is_needed)
{
    struct list list = decode("{\"Records\":[" RECORD("a", "") "]}");

    CHECK_INT(list.count, ==, 1);
    CHECK_STR(list.events[0].key, "a");
    CHECK_INT(list.events[0].event_time_ms, ==, 0);
    CHECK_INT(decode("{\"Records\":[]}").count, ==, 0);
}

TEST(names_what_is_missing_or_wrong_with_its_record)
{
    refuses("{}", "Records is missing");
    refuses("{\"Records\":{}}", "Records is an object, not an array");
    refuses("[]", "Records is needed in an object, and this is an array");
    refuses("{\"Records\":[{}]}", "Records[0].eventName is missing");
    refuses("{\"Records\":[{\"eventName\":\"ObjectCreated:Put\"}]}",
            "Records[0].s3 is missing");
    refuses(
        "{\"Records\":[" RECORD("a", "") "," RECORD(
            "b", "") ","
                     "{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},"
                     "\"object\":{}}}]}",
        "Records[2].s3.object.key is missing");
    refuses(
        "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":7},"
        "\"object\":{\"key\":\"a\"}}}]}",
        "Records[0].s3.bucket.name is a number, not a string");
    refuses("{\"Records\":[" RECORD("a%zz", "") "]}",
            "Records[0].s3.object.key: '%zz' is not a percent-encoded byte");
    refuses("{\"Records\":[" RECORD("a%00", "") "]}",
            "Records[0].s3.object.key: '%00' is not a percent-encoded byte");
    refuses("{\"Records\":[" RECORD("", "") "]}", "Records[0].s3.object.key is empty");
    refuses("{\"Records\":[" RECORD("a", ",\"eventTime\":\"yesterday\"") "]}",
            "Records[0].eventTime: 'yesterday' is not an RFC 3339 time");
}

TEST(stops_where_the_caller_does)
{
    struct list list = {.count = 0};
    struct err err = {0};
    OWNED_VALUE(buf) text = {0};

    file_load("tests/golden/object_event.aws-delete.json", &text);
    CHECK_INT(object_event_decode(text.data, text.size - 20, add, &list, &err), ==,
              ERR_INVALID);
    CHECK_INT(list.count, ==, 0);
}

static void orders(const char *a, const char *b, int sign)
{
    char normal_a[OBJECT_SEQUENCER], normal_b[OBJECT_SEQUENCER];
    struct err err = {0};
    int order;

    CHECK_OK(object_sequencer(a, normal_a, &err), err);
    CHECK_OK(object_sequencer(b, normal_b, &err), err);
    order = object_event_order(normal_a, 0, normal_b, 0);
    CHECK_INT((order > 0) - (order < 0), ==, sign);
}

TEST(sequencers_order_as_if_padded_with_zeros)
{
    struct err empty = {0}, no_hex = {0}, too_long = {0};
    char normal[OBJECT_SEQUENCER];

    orders("0055AED6DCD90281E5", "0055AED6DCD90281E6", -1);
    orders("0055aed6dcd90281e5", "0055AED6DCD90281E5", 0);
    orders("1", "10000", 0);
    orders("2", "10000", 1);
    orders("A", "A1", -1);
    CHECK_INT(object_sequencer("", normal, &empty), ==, ERR_INVALID);
    CHECK_INT(object_sequencer("12x", normal, &no_hex), ==, ERR_INVALID);
    CHECK_INT(object_sequencer("00000000000000000000000000000000000000000000000000000000000000"
                               "00",
                               normal, &too_long),
              ==, ERR_INVALID);
}

TEST(without_sequencers_the_time_decides)
{
    CHECK_INT(object_event_order("", 5, "A", 4), >, 0);
    CHECK_INT(object_event_order("B", 3, "", 4), <, 0);
    CHECK_INT(object_event_order("", 4, "", 4), ==, 0);
    CHECK_INT(object_event_order("B", 3, "A", 4), >, 0);
}

TEST(our_sequencers_grow)
{
    char last[OBJECT_SEQUENCER] = "", next[OBJECT_SEQUENCER];

    for (int i = 0; i < 100000; i++) {
        object_sequencer_now(next);
        CHECK_INT(object_event_order(last, 0, next, 0), <=, 0);
        CHECK(strcmp(last, next) != 0);
        memcpy(last, next, sizeof last);
    }
}
