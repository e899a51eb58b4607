/* Reconciliation heals what was never told, and engines that are away for a while cost
 * nothing but time. */
#define TEST_SECONDS 120
#include <signal.h>
#include <sys/stat.h>

#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"
#include "proto/envelope.h"
#include "tests/support/ingest.h"
#include "tests/support/process.h"
#include "tests/test.h"

static void load_picture(const char *name, struct buf *bytes)
{
    char path[128], part[4096];
    FILE *f;
    size_t n;

    (void)snprintf(path, sizeof path, "tests/golden/pictures/%s", name);
    f = fopen(path, "rbe");
    CHECK(f != NULL);
    buf_clear(bytes);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_append(bytes, part, n);
    (void)fclose(f);
}

static void put(struct ingest *in, const char *key, const struct buf *bytes)
{
    struct err err = {0};

    CHECK_OK(store_put(in->store, key, bytes->data, bytes->size, NULL, NULL, &err), err);
}

static void tell(struct ingest *in, enum object_change change, const char *key, uint64_t size)
{
    struct object_event event = {.change = change,
                                 .event_time_ms = clock_wall_ms(),
                                 .size_bytes = size,
                                 .width = 256,
                                 .height = 160};

    (void)snprintf(event.key, sizeof event.key, "%s", key);
    (void)snprintf(event.sha256, sizeof event.sha256, "%064x", 7);
    object_sequencer_now(event.sequencer);
    ingest_tell(in, &event, 1);
}

static bool is_live(struct ingest *in, const char *key)
{
    struct catalog_item row;

    return ingest_row(in, key, &row) && row.state == CATALOG_LIVE;
}

/* Runs one and waits for its events. */
static void reconcile(struct ingest *in)
{
    CHECK_INT(ingest_ask(in, "POST", "/reconcile", NULL), ==, 202);
    ingest_wait_answer(in, "/reconcile", "\"state\":\"done\"");
    ingest_settle(in);
}

TEST(reconciliation_heals_both_ways_and_then_finds_nothing)
{
    OWNED_VALUE(buf) picture = {0};
    OWNED_VALUE(buf) other = {0};
    char sha256[SHA256_HEX];
    struct catalog_item row;
    struct err err = {0};
    struct ingest in;
    int64_t told;

    load_picture("img_20260504-090800_0h.jpeg", &picture);
    load_picture("img_20260504-090801_0v.jpeg", &other);
    sha256_hex(other.data, other.size, sha256);
    ingest_prepare(&in, NULL, NULL);
    ingest_start(&in);
    put(&in, "emotions/happy/known_h.jpeg", &picture);
    tell(&in, OBJECT_CREATED, "emotions/happy/known_h.jpeg", picture.size);
    put(&in, "emotions/happy/changed_h.jpeg", &picture);
    tell(&in, OBJECT_CREATED, "emotions/happy/changed_h.jpeg", picture.size);
    put(&in, "emotions/happy/hidden_h.jpeg", &picture);
    tell(&in, OBJECT_CREATED, "emotions/happy/hidden_h.jpeg", picture.size);
    tell(&in, OBJECT_CLEARED, "emotions/happy/hidden_h.jpeg", 0);
    tell(&in, OBJECT_CREATED, "emotions/sad/lost_v.jpeg", 1000); /* no such object */
    put(&in, "imgPool/sad/untold_v.jpeg", &picture);
    put(&in, "emotions/angry/day/untold_v.jpeg", &picture);
    put(&in, "emotions/happy/changed_h.jpeg", &other);
    put(&in, "emotions/nowhere/bad_key/a/b/c.jpeg", &picture);
    ingest_settle(&in);
    CHECK(is_live(&in, "emotions/sad/lost_v.jpeg"));

    reconcile(&in);
    CHECK(is_live(&in, "emotions/happy/known_h.jpeg"));
    CHECK(is_live(&in, "imgPool/sad/untold_v.jpeg"));
    CHECK(is_live(&in, "emotions/angry/day/untold_v.jpeg"));
    CHECK(!is_live(&in, "emotions/sad/lost_v.jpeg"));
    CHECK(!is_live(&in, "emotions/happy/hidden_h.jpeg"));
    CHECK(ingest_row(&in, "emotions/happy/changed_h.jpeg", &row));
    CHECK_STR(row.sha256, sha256);

    told = ingest_count(&in, TOPIC_OBJECTS);
    reconcile(&in);
    CHECK_INT(ingest_count(&in, TOPIC_OBJECTS), ==, told);

    /* a removed picture that comes back with an old date, as from a backup */
    CHECK_OK(store_remove(in.store, "emotions/happy/known_h.jpeg", NULL, &err), err);
    tell(&in, OBJECT_REMOVED, "emotions/happy/known_h.jpeg", 0);
    ingest_settle(&in);
    CHECK(!is_live(&in, "emotions/happy/known_h.jpeg"));
    put(&in, "emotions/happy/known_h.jpeg", &picture);
    reconcile(&in);
    CHECK(is_live(&in, "emotions/happy/known_h.jpeg"));
    ingest_done(&in);
}

TEST(an_empty_store_is_not_believed_at_once)
{
    struct ingest in;
    OWNED_VALUE(buf) body = {0};

    ingest_prepare(&in, NULL, NULL);
    ingest_start(&in);
    for (int i = 0; i < 150; i++) {
        char key[64];

        (void)snprintf(key, sizeof key, "emotions/happy/gone_%03dh.jpeg", i);
        tell(&in, OBJECT_CREATED, key, 1);
    }
    ingest_settle(&in);
    CHECK_INT(ingest_ask(&in, "POST", "/reconcile", NULL), ==, 202);
    ingest_wait_answer(&in, "/reconcile", "\"state\":\"failed\"");
    ingest_wait_answer(&in, "/reconcile", "accept-empty");
    CHECK(is_live(&in, "emotions/happy/gone_007h.jpeg"));
    CHECK_INT(ingest_ask(&in, "POST", "/reconcile?accept-empty=1", NULL), ==, 202);
    ingest_wait_answer(&in, "/reconcile", "\"state\":\"done\"");
    ingest_settle(&in);
    CHECK(!is_live(&in, "emotions/happy/gone_007h.jpeg"));
    ingest_done(&in);
}

TEST(a_start_reconciles_by_itself)
{
    OWNED_VALUE(buf) picture = {0};
    struct ingest in;

    load_picture("img_20260504-090800_0h.jpeg", &picture);
    ingest_prepare(&in, NULL, NULL);
    ingest_set(&in, "ITEM_INGEST_RECONCILE=1");
    put(&in, "emotions/fear/untold_h.jpeg", &picture);
    ingest_start(&in);
    ingest_wait_answer(&in, "/reconcile", "\"state\":\"done\"");
    ingest_settle(&in);
    CHECK(is_live(&in, "emotions/fear/untold_h.jpeg"));
    ingest_done(&in);
}

/* The store gives nothing from a folder that is a symbolic link. */
static void block_folder(const struct ingest *in, const char *folder, bool block)
{
    char here[300], there[300];

    (void)snprintf(here, sizeof here, "%s/store/%s", in->conf.data, folder);
    (void)snprintf(there, sizeof there, "%s/blocked", in->conf.data);
    if (!block)
        CHECK_INT(unlink(here), ==, 0);
    CHECK_INT(rename(block ? here : there, block ? there : here), ==, 0);
    if (block)
        CHECK_INT(symlink(there, here), ==, 0);
}

TEST(a_store_that_does_not_give_a_picture_is_asked_again)
{
    static const char foreign[] =
        "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"eventTime\":"
        "\"2026-05-04T09:08:07.000Z\",\"s3\":{\"bucket\":{\"name\":\"garden\"},\"object\":{"
        "\"key\":\"emotions/calm/waits_h.jpeg\",\"size\":1}}}]}";
    OWNED_VALUE(buf) picture = {0};
    struct ingest in;

    load_picture("img_20260504-090800_0h.jpeg", &picture);
    ingest_prepare(&in, NULL, NULL);
    put(&in, "emotions/calm/waits_h.jpeg", &picture);
    ingest_start(&in);
    block_folder(&in, "emotions/calm", true);
    ingest_tell_raw(&in, NULL, foreign, strlen(foreign), NULL, 0);
    ingest_wait_answer(&in, "/readyz", "\"ready\":false");
    ingest_wait_answer(&in, "/readyz", "emotions/calm/waits_h.jpeg");
    CHECK(!is_live(&in, "emotions/calm/waits_h.jpeg"));
    block_folder(&in, "emotions/calm", false);
    ingest_settle(&in);
    CHECK(is_live(&in, "emotions/calm/waits_h.jpeg"));
    CHECK_INT(ingest_count(&in, TOPIC_DEAD_LETTERS), ==, 0);
    ingest_wait_answer(&in, "/readyz", "\"ready\":true");
    ingest_done(&in);
}

/* Holds the catalogue's write lock until it is killed. */
static pid_t lock_catalog(const struct ingest *in)
{
    char file[300], flag[300];
    const char *const argv[] = {"python3",
                                "-c",
                                "import sqlite3, sys, time\n"
                                "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
                                "c.execute('BEGIN IMMEDIATE')\n"
                                "open(sys.argv[2], 'w').close()\n"
                                "time.sleep(600)\n",
                                file,
                                flag,
                                NULL};
    struct stat st;
    int64_t deadline = clock_mono_ms() + 20000;
    pid_t pid;

    (void)snprintf(file, sizeof file, "%s/catalog/catalog.db", in->conf.data);
    (void)snprintf(flag, sizeof flag, "%s/locked", in->conf.data);
    pid = process_start(argv, NULL, in->log);
    while (stat(flag, &st) != 0) {
        CHECK(clock_mono_ms() < deadline);
        (void)usleep(5000);
    }
    return pid;
}

TEST(a_locked_catalogue_is_waited_for)
{
    struct ingest in;
    pid_t locker;

    ingest_prepare(&in, NULL, NULL);
    ingest_start(&in);
    tell(&in, OBJECT_CREATED, "emotions/happy/before_h.jpeg", 1);
    ingest_settle(&in);
    locker = lock_catalog(&in);
    tell(&in, OBJECT_CREATED, "emotions/happy/after_h.jpeg", 1);
    ingest_wait_answer(&in, "/readyz", "\"ready\":false");
    ingest_wait_answer(&in, "/readyz", "catalogue");
    (void)process_end(locker, SIGKILL, 10000);
    ingest_settle(&in);
    CHECK(is_live(&in, "emotions/happy/after_h.jpeg"));
    ingest_wait_answer(&in, "/readyz", "\"ready\":true");
    ingest_stop(&in);
    CHECK_INT(ingest_count(&in, TOPIC_ITEMS), ==, 2);
    ingest_done(&in);
}

TEST(two_processes_share_the_work_and_one_takes_over)
{
    static struct object_event events[400];
    struct ingest in, second;

    ingest_prepare(&in, NULL, NULL);
    for (int i = 0; i < 400; i++) {
        events[i] = (struct object_event){.change = OBJECT_CREATED,
                                          .event_time_ms = clock_wall_ms(),
                                          .size_bytes = 1,
                                          .width = 1,
                                          .height = 1};
        (void)snprintf(events[i].key, sizeof events[i].key, "emotions/happy/two_%dh.jpeg", i);
        (void)snprintf(events[i].sha256, sizeof events[i].sha256, "%064x", i);
        object_sequencer_now(events[i].sequencer);
    }
    second = in;
    (void)snprintf(second.settings[3], sizeof second.settings[3],
                   "ITEM_INGEST_LISTEN=127.0.0.1:%d", port_free());
    (void)snprintf(second.url, sizeof second.url, "http://%.48s", second.settings[3] + 19);
    second.env[3] = second.settings[3];
    ingest_start(&in);
    ingest_start(&second);
    ingest_tell(&in, events, 200);
    ingest_kill(&second);
    ingest_tell(&in, events + 200, 200);
    ingest_settle(&in);
    ingest_stop(&in);
    for (int i = 0; i < 400; i++)
        CHECK(is_live(&in, events[i].key));
    CHECK_INT(ingest_count(&in, TOPIC_ITEMS), ==, 400);
    ingest_done(&in);
}
