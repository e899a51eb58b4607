/* recommender_looks_test.c - whether pictures that look the same are kept out of one answer, by
 * the thread that looks at them and the local engine. */
#include <poll.h>
#include <sys/stat.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "services/recommender-proxy/looks.h"
#include "services/recommender-proxy/snapshot.h"
#include "tests/support/lookalike.h"
#include "tests/support/process.h"
#include "tests/test.h"

#define FIRST "emotions/happy/first_0h.jpeg"
#define SECOND "emotions/happy/second_1h.jpeg"
#define THIRD "emotions/happy/third_2h.jpeg"

enum { WAIT_MS = 30000, STEP_MS = 2 };

struct case_of {
    struct garden_conf garden;
    struct rec_local *local;
    struct trouble trouble;
    struct looks *looks;
};

static struct rec_local *new_local(void)
{
    struct rec_local_conf conf = rec_local_defaults;
    struct rec_local *local;
    struct err err = {0};

    conf.als.factors = 16;
    conf.als.threads = 1;
    conf.exploration = 0;
    local = rec_local_new(&conf, &err);
    if (!local)
        TEST_FAIL("%s", err.text);
    return local;
}

static void prepare(struct case_of *c)
{
    *c = (struct case_of){.garden = {.data = folder_new(), .store = "fs"},
                          .local = new_local(),
                          .trouble = TROUBLE_NONE};
}

static void start(struct case_of *c)
{
    const struct looks_conf conf = {
        .local = c->local, .garden = &c->garden, .trouble = &c->trouble};
    struct err err = {0};

    c->looks = looks_start(&conf, &err);
    if (!c->looks)
        TEST_FAIL("%s", err.text);
}

static void finish(struct case_of *c)
{
    looks_free(c->looks);
    rec_local_free(c->local);
}

/* The event of a picture comes. */
static void tell(struct case_of *c, const char *key, const struct buf *file)
{
    char sha256[SHA256_HEX];
    const struct item_event event = lookalike_event(key, file, sha256);
    struct err err = {0};

    CHECK_OK(rec_local_item(c->local, &event, &err), err);
    if (c->looks)
        looks_on_item(c->looks, &event);
}

static void put(struct case_of *c, const char *key, const struct buf *file)
{
    OWNED(store) store = NULL;
    struct err err = {0};

    store = garden_open_store(&c->garden, &err);
    if (!store)
        TEST_FAIL("%s", err.text);
    CHECK_OK(store_put(store, key, file->data, file->size, NULL, NULL, &err), err);
}

/* A painting is stored, and then its event comes. */
static void come(struct case_of *c, const char *key, int painting, int quality)
{
    OWNED_VALUE(buf) file = {0};

    lookalike_paint(painting, quality, &file);
    put(c, key, &file);
    tell(c, key, &file);
}

static void wait_until_seen(struct case_of *c)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (rec_local_unseen_count(c->local) > 0) {
        if (clock_mono_ms() > deadline_ms)
            TEST_FAIL("%zu pictures are still unseen", rec_local_unseen_count(c->local));
        (void)poll(NULL, 0, STEP_MS);
    }
}

static void wait_for_trouble(struct case_of *c, const char *text)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
    char now[TROUBLE_TEXT];

    while (!trouble_get(&c->trouble, now) || !strstr(now, text)) {
        if (clock_mono_ms() > deadline_ms)
            TEST_FAIL("the trouble is '%s', without '%s'", now, text);
        (void)poll(NULL, 0, STEP_MS);
    }
}

static void wait_until_well(struct case_of *c)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
    char now[TROUBLE_TEXT];

    while (trouble_get(&c->trouble, now)) {
        if (clock_mono_ms() > deadline_ms)
            TEST_FAIL("the trouble is still '%s'", now);
        (void)poll(NULL, 0, STEP_MS);
    }
}

/* The keys that are in an answer, as bits: FIRST 1, SECOND 2, THIRD 4. */
static int answer_of(struct rec_local *local)
{
    static struct rec_answer answer;
    const struct rec_query query = {.user_id = "somebody",
                                    .emotion = "happy",
                                    .generation = "",
                                    .gender = "",
                                    .orientation = 'h',
                                    .count = 50};
    struct rec_engine *engine = rec_local_engine(local);
    struct err err = {0};
    int bits = 0;

    CHECK_OK(engine->recommend(engine, &query, clock_mono_ms() + WAIT_MS, &answer, &err), err);
    for (size_t i = 0; i < answer.count; i++)
        bits |= strcmp(answer.results[i].item_id, FIRST) == 0    ? 1
                : strcmp(answer.results[i].item_id, SECOND) == 0 ? 2
                                                                 : 4;
    rec_answer_done(&answer);
    return bits;
}

static void check_one_of_two(struct rec_local *local)
{
    const int bits = answer_of(local);

    CHECK(bits == 1 || bits == 2);
}

TEST(pictures_that_look_the_same_do_not_meet)
{
    struct case_of c;

    prepare(&c);
    come(&c, FIRST, 0, 0);
    come(&c, SECOND, 0, 40);
    CHECK_INT(answer_of(c.local), ==, 3); /* nobody has looked yet */
    start(&c);
    wait_until_seen(&c);
    check_one_of_two(c.local);
    finish(&c);
}

TEST(a_picture_that_comes_later_is_looked_at_too)
{
    struct case_of c;

    prepare(&c);
    start(&c);
    come(&c, SECOND, 0, 40);
    wait_until_seen(&c);
    CHECK_INT(answer_of(c.local), ==, 2);
    come(&c, FIRST, 0, 0);
    wait_until_seen(&c);
    check_one_of_two(c.local);
    finish(&c);
}

TEST(different_pictures_meet)
{
    struct case_of c;

    prepare(&c);
    start(&c);
    come(&c, FIRST, 0, 0);
    come(&c, SECOND, 1, 0);
    come(&c, THIRD, 2, 0);
    wait_until_seen(&c);
    CHECK_INT(answer_of(c.local), ==, 7);
    finish(&c);
}

TEST(a_new_picture_under_a_key_is_looked_at_again)
{
    struct case_of c;

    prepare(&c);
    start(&c);
    come(&c, FIRST, 0, 0);
    come(&c, SECOND, 0, 40);
    wait_until_seen(&c);
    check_one_of_two(c.local);
    come(&c, SECOND, 1, 0);
    wait_until_seen(&c);
    CHECK_INT(answer_of(c.local), ==, 3);
    come(&c, SECOND, 0, 60);
    wait_until_seen(&c);
    check_one_of_two(c.local);
    finish(&c);
}

TEST(the_same_event_again_is_no_reason_to_look_again)
{
    OWNED_VALUE(buf) file = {0};
    struct case_of c;

    prepare(&c);
    start(&c);
    come(&c, FIRST, 0, 0);
    wait_until_seen(&c);
    lookalike_paint(0, 0, &file);
    looks_free(c.looks);
    c.looks = NULL;
    tell(&c, FIRST, &file);
    CHECK_INT(rec_local_unseen_count(c.local), ==, 0);
    finish(&c);
}

TEST(what_is_no_picture_is_passed_over_and_still_shown)
{
    OWNED_VALUE(buf) text = {0};
    struct case_of c;

    prepare(&c);
    start(&c);
    buf_append_str(&text, "<html>not a picture</html>");
    put(&c, FIRST, &text);
    tell(&c, FIRST, &text);
    come(&c, SECOND, 1, 0);
    wait_until_seen(&c);
    CHECK_INT(answer_of(c.local), ==, 3);
    come(&c, FIRST, 1, 40); /* now it is one */
    wait_until_seen(&c);
    check_one_of_two(c.local);
    finish(&c);
}

TEST(a_store_that_is_away_is_waited_for)
{
    OWNED_VALUE(buf) file = {0};
    char path[300];
    struct case_of c;

    prepare(&c);
    (void)snprintf(path, sizeof path, "%s/store", c.garden.data);
    folder_put(c.garden.data, "store", "in the way", 10);
    lookalike_paint(0, 0, &file);
    tell(&c, FIRST, &file);
    start(&c);
    wait_for_trouble(&c, "opening the store");
    CHECK_INT(rec_local_unseen_count(c.local), ==, 1);
    CHECK_INT(answer_of(c.local), ==, 1);
    CHECK_INT(remove(path), ==, 0);
    put(&c, FIRST, &file);
    wait_until_seen(&c);
    come(&c, SECOND, 0, 40);
    wait_until_seen(&c);
    check_one_of_two(c.local);
    wait_until_well(&c);
    finish(&c);
}

/* As where a disk is not mounted. */
TEST(a_store_that_is_empty_is_waited_for)
{
    OWNED_VALUE(buf) file = {0};
    struct case_of c;

    prepare(&c);
    lookalike_paint(0, 0, &file);
    tell(&c, FIRST, &file);
    start(&c);
    wait_for_trouble(&c, "holds no picture");
    put(&c, FIRST, &file);
    come(&c, SECOND, 0, 40);
    wait_until_seen(&c);
    check_one_of_two(c.local);
    finish(&c);
}

TEST(a_picture_that_is_removed_meanwhile_is_not_waited_for)
{
    OWNED_VALUE(buf) file = {0};
    struct case_of c;
    struct err err = {0};

    prepare(&c);
    lookalike_paint(0, 0, &file);
    tell(&c, FIRST, &file);
    start(&c);
    wait_for_trouble(&c, "holds no picture");
    CHECK_OK(rec_local_remove(c.local, FIRST, &err), err);
    wait_until_well(&c);
    finish(&c);
}

TEST(it_ends_at_once_while_the_store_is_away)
{
    OWNED_VALUE(buf) file = {0};
    struct case_of c;
    int64_t start_ms;

    prepare(&c);
    folder_put(c.garden.data, "store", "in the way", 10);
    lookalike_paint(0, 0, &file);
    tell(&c, FIRST, &file);
    start(&c);
    wait_for_trouble(&c, "opening the store");
    start_ms = clock_mono_ms();
    finish(&c);
    CHECK_INT(clock_mono_ms() - start_ms, <, 5000);
}

TEST(a_picture_whose_bytes_are_missing_holds_up_no_other)
{
    OWNED_VALUE(buf) file = {0};
    struct case_of c;

    prepare(&c);
    start(&c);
    lookalike_paint(0, 0, &file);
    tell(&c, FIRST, &file);
    come(&c, SECOND, 0, 40);
    wait_until_seen(&c);
    CHECK_INT(answer_of(c.local), ==, 3);
    put(&c, FIRST, &file); /* they are there again, and it is told of */
    tell(&c, FIRST, &file);
    wait_until_seen(&c);
    check_one_of_two(c.local);
    finish(&c);
}

TEST(what_was_seen_of_an_older_picture_is_left_aside)
{
    OWNED_VALUE(buf) old = {0}, new = {0};
    const struct image_look look = {1, 2};
    struct rec_unseen unseen;
    struct case_of c;
    uint32_t at = 0;

    prepare(&c);
    lookalike_paint(0, 0, &old);
    lookalike_paint(1, 0, &new);
    tell(&c, FIRST, &old);
    CHECK(rec_local_next_unseen(c.local, &at, &unseen));
    CHECK_STR(unseen.item_id, FIRST);
    tell(&c, FIRST, &new);
    rec_local_look(c.local, &unseen, &look);
    CHECK_INT(rec_local_unseen_count(c.local), ==, 1);
    finish(&c);
}

TEST(removed_pictures_and_the_pools_are_not_looked_at)
{
    OWNED_VALUE(buf) file = {0};
    struct case_of c;
    struct err err = {0};

    prepare(&c);
    lookalike_paint(0, 0, &file);
    tell(&c, FIRST, &file);
    tell(&c, "imgPool/happy/first_0h.jpeg", &file);
    CHECK_INT(rec_local_unseen_count(c.local), ==, 1);
    CHECK_OK(rec_local_remove(c.local, FIRST, &err), err);
    CHECK_INT(rec_local_unseen_count(c.local), ==, 0);
    finish(&c);
}

/* -- the snapshot -- */

static struct rec_local *restore(struct rec_local *local, const char *folder)
{
    struct follow_offsets *offsets = calloc(INTAKE_TOPICS, sizeof *offsets);
    struct rec_local *restored = new_local();
    char path[300];
    struct err err = {0};

    (void)snprintf(path, sizeof path, "%s/snapshot", folder);
    CHECK_OK(rec_snapshot_write(local, path, offsets, &err), err);
    CHECK_OK(rec_snapshot_read(restored, path, offsets, &err), err);
    free(offsets);
    return restored;
}

TEST(a_snapshot_has_the_looks)
{
    OWNED_VALUE(buf) file = {0};
    OWNED(rec_local) restored = NULL;
    struct case_of c;

    prepare(&c);
    start(&c);
    come(&c, FIRST, 0, 0);
    come(&c, SECOND, 0, 40);
    buf_append_str(&file, "not a picture");
    put(&c, THIRD, &file);
    tell(&c, THIRD, &file);
    wait_until_seen(&c);
    restored = restore(c.local, c.garden.data);
    CHECK_INT(rec_local_unseen_count(restored), ==, 0);
    CHECK_INT(answer_of(restored), ==, answer_of(c.local));
    CHECK_INT(answer_of(restored), !=, 7);
    finish(&c);
}

TEST(after_a_start_missing_bytes_are_asked_for_again)
{
    OWNED_VALUE(buf) file = {0};
    OWNED(rec_local) restored = NULL;
    struct case_of c;

    prepare(&c);
    start(&c);
    come(&c, SECOND, 0, 0);
    lookalike_paint(0, 0, &file);
    tell(&c, FIRST, &file);
    wait_until_seen(&c);
    restored = restore(c.local, c.garden.data);
    CHECK_INT(rec_local_unseen_count(restored), ==, 1);
    finish(&c);
}
