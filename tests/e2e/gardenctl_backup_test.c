/* What an operator keeps and gets back: import, backup, restore into nothing and into a garden
 * that lives, and dead letters that are sent again. */
#define TEST_SECONDS 120
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "proto/topics.h"
#include "tests/support/garden.h"
#include "tests/support/process.h"
#include "tests/test.h"
#include "tests/unit/image_samples.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

enum { SOON_MS = 20000, PUBLISH_MS = 10000 };

static void check_ctl(struct garden *garden, const char *const *words, int status,
                      const char *text)
{
    OWNED_VALUE(buf) output = {0};
    int r = garden_ctl(garden, words, &output);

    if (r != status || !strstr(buf_text(&output), text))
        TEST_FAIL("gardenctl %s: status %d without '%s': %s", words[0], r, text,
                  buf_text(&output));
}

static void put_jpeg(const char *dir, const char *name, uint32_t width, uint32_t height)
{
    OWNED_VALUE(image) image = sample_gradient(width, height);
    OWNED_VALUE(buf) jpeg = {0};
    struct err err = {0};

    CHECK_OK(image_encode_jpeg(&image, 80, NULL, &jpeg, &err), err);
    folder_put(dir, name, jpeg.data, jpeg.size);
}

/* The keys and hashes of the garden's pictures, as text that can be compared. */
static void list_items(struct garden *garden, const char *path, struct buf *out)
{
    OWNED_VALUE(buf) answer = {0};
    const char *at;

    buf_clear(out);
    CHECK_INT(garden_ask(garden, "GET", path, NULL, 0, &answer), ==, 200);
    for (at = buf_text(&answer); (at = strstr(at, "\"key\":\"")); at++) {
        const char *hash = strstr(at, "\"sha256\":");

        CHECK(hash != NULL);
        buf_append(out, at, strcspn(at, ","));
        buf_append(out, hash, strcspn(hash, ","));
        buf_append_char(out, '\n');
    }
}

static void wait_for_items(struct garden *garden, const char *path, const struct buf *expected)
{
    int64_t deadline = clock_mono_ms() + SOON_MS;
    OWNED_VALUE(buf) items = {0};

    for (;;) {
        list_items(garden, path, &items);
        if (strcmp(buf_text(&items), buf_text(expected)) == 0)
            return;
        if (clock_mono_ms() > deadline)
            TEST_FAIL("%s is\n%s, not\n%s", path, buf_text(&items), buf_text(expected));
        (void)poll(NULL, 0, 10);
    }
}

static void publish(struct garden *garden, const char *topic, const char *key, const char *id,
                    const char *value)
{
    struct err err = {0};
    OWNED(bus) bus = garden_open_bus(&garden->conf, "test", &err);
    struct bus_header headers[] = {{"ce_id", id, strlen(id)}};
    const struct bus_record record = {.topic = topic,
                                      .key = key,
                                      .key_size = strlen(key),
                                      .value = value,
                                      .value_size = value ? strlen(value) : 0,
                                      .headers = headers,
                                      .header_count = 1};

    CHECK(bus != NULL);
    CHECK_OK(bus_publish(bus, &record, 1, PUBLISH_MS, &err), err);
}

static int append_record(void *ctx, const struct bus_record *record, struct err *err)
{
    struct buf *out = ctx;

    (void)err;
    buf_append(out, record->key, record->key_size);
    buf_append_char(out, '=');
    buf_append(out, record->value, record->value_size);
    buf_append_char(out, ';');
    return 0;
}

static void read_topic(struct garden *garden, const char *topic, struct buf *out)
{
    struct bus_partition_info infos[16];
    struct err err = {0};
    OWNED(bus) bus = garden_open_bus(&garden->conf, "test", &err);
    int count;

    buf_clear(out);
    CHECK(bus != NULL);
    count = bus_topic_info(bus, topic, infos, 16, PUBLISH_MS, &err);
    CHECK_OK(count, err);
    for (int i = 0; i < count; i++)
        CHECK_OK(bus_read(bus, topic, infos[i].partition, infos[i].low, 1000, append_record,
                          out, &err),
                 err);
}

/* A garden with pictures in pool and garden, a user, a like and a display. */
static void fill(struct garden *garden)
{
    const char *dir = folder_new();

    put_jpeg(dir, "happy/wide.jpeg", 64, 40);
    put_jpeg(dir, "happy/high.jpeg", 40, 64);
    put_jpeg(dir, "calm/winter,snowy,day/lake.jpeg", 80, 40);
    check_ctl(garden, WORDS("import", dir), 0, "3 imported into the pool");
    check_ctl(garden, WORDS("reconcile"), 0, "in the catalogue");
    check_ctl(garden, WORDS("promote", "--emotion", "happy"), 0, "2 promoted, 0 failed");
    publish(garden, TOPIC_USERS, "u1", "1", "{\"first\":1}");
    publish(garden, TOPIC_USERS, "u1", "2", "{\"second\":1}");
    publish(garden, TOPIC_USERS, "u2", "3", "{}");
    publish(garden, TOPIC_USERS, "u2", "4", NULL);
    publish(garden, TOPIC_INTERACTIONS, "u1", "5", "like");
    publish(garden, TOPIC_INTERACTIONS, "u1", "6", "like");
    publish(garden, TOPIC_DISPLAYS, "zone1", "7", "{\"zone\":1}");
}

TEST(import_skips_what_is_there_and_goes_on_after_bad_pictures)
{
    struct garden garden;
    const char *dir = folder_new();
    OWNED_VALUE(buf) bad = {0}, items = {0};

    buf_append_str(&bad, "not a picture");
    put_jpeg(dir, "happy/a.jpeg", 64, 40);
    put_jpeg(dir, "happy/b/a.jpeg", 64, 40);
    folder_put(dir, "happy/bad.jpeg", bad.data, bad.size);
    folder_put(dir, "glad/x.jpeg", bad.data, bad.size);
    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    check_ctl(&garden, WORDS("import", dir, "--garden"), 1, "2 imported into the garden");
    check_ctl(&garden, WORDS("reconcile"), 0, "0 were missing");
    check_ctl(&garden, WORDS("import", dir, "--garden"), 1,
              "0 imported into the garden, 2 there already, 2 refused");
    put_jpeg(dir, "happy/a.jpeg", 48, 40); /* another picture of the same name */
    check_ctl(&garden, WORDS("import", dir, "--garden"), 1, "1 imported into the garden");
    garden_wait_answer(&garden, "GET", "/v1/items", NULL, "emotions/happy/a_1h.jpeg", SOON_MS);
    list_items(&garden, "/v1/items", &items);
    CHECK_HAS(buf_text(&items), "emotions/happy/a_0h.jpeg");
    CHECK_HAS(buf_text(&items), "emotions/happy/b/a_0h.jpeg");
    check_ctl(&garden, WORDS("import", dir, "--emotion", "sad", "--favorite", "f"), 1,
              "0 imported into the pool");
    garden_stop(&garden);
}

TEST(what_is_removed_comes_out_of_the_trash_again)
{
    struct garden garden;

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    fill(&garden);
    garden_wait_answer(&garden, "GET", "/v1/items", NULL, "emotions/happy/wide_0h.jpeg",
                       SOON_MS);
    check_ctl(&garden, WORDS("remove", "emotions/happy/wide_0h.jpeg"), 0,
              "1 moved to the trash");
    check_ctl(&garden, WORDS("remove", "imgPool/../x"), 1, "FAILED imgPool/../x");
    check_ctl(&garden, WORDS("restore-trash", "emotions/happy/wide_0h.jpeg"), 0, "1 restored");
    garden_wait_answer(&garden, "GET", "/v1/items", NULL, "emotions/happy/wide_0h.jpeg",
                       SOON_MS);
    check_ctl(&garden, WORDS("promote", "imgPool/happy/none.jpeg"), 1, "not_found");
    garden_stop(&garden);
}

TEST(a_backup_makes_the_same_garden_again)
{
    struct garden garden, other;
    const char *dir = folder_new();
    OWNED_VALUE(buf) items = {0}, pool = {0}, topic = {0};

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    fill(&garden);
    garden_wait_answer(&garden, "GET", "/v1/items", NULL, "wide_0h", SOON_MS);
    garden_wait_answer(&garden, "GET", "/v1/items", NULL, "high_0v", SOON_MS);
    list_items(&garden, "/v1/items", &items);
    list_items(&garden, "/v1/pool", &pool);
    check_ctl(&garden, WORDS("backup", dir), 0, "5 objects");
    garden_stop(&garden);

    /* into an empty garden that does not run yet */
    garden_prepare(&other, NULL, NULL, NULL);
    check_ctl(&other, WORDS("restore", dir), 0, "5 objects restored, 0 were there already");
    garden_start(&other);
    wait_for_items(&other, "/v1/items", &items);
    wait_for_items(&other, "/v1/pool", &pool);
    read_topic(&other, TOPIC_USERS, &topic);
    CHECK_STR(buf_text(&topic), "u1={\"second\":1};"); /* the last word on each that is left */
    read_topic(&other, TOPIC_INTERACTIONS, &topic);
    CHECK_STR(buf_text(&topic), "u1=like;u1=like;");
    read_topic(&other, TOPIC_DISPLAYS, &topic);
    CHECK_STR(buf_text(&topic), "zone1={\"zone\":1};");

    /* again, into the garden that runs: nothing happens twice */
    check_ctl(&other, WORDS("restore", dir), 0,
              "0 objects restored, 5 were there already, 0 differ, 0 failed; 0 records");
    garden_stop(&other);
}

TEST(a_later_backup_copies_only_what_changed)
{
    struct garden garden;
    const char *dir = folder_new(), *more = folder_new();
    char path[300];
    struct stat info;

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    fill(&garden);
    check_ctl(&garden, WORDS("backup", dir), 0, "5 objects");
    (void)snprintf(path, sizeof path, "%s/objects/emotions/happy/wide_0h.jpeg", dir);
    CHECK_INT(stat(path, &info), ==, 0);
    check_ctl(&garden, WORDS("remove", "emotions/happy/wide_0h.jpeg"), 0, "1 moved");
    put_jpeg(more, "angry/storm.jpeg", 30, 20);
    check_ctl(&garden, WORDS("import", more), 0, "1 imported");
    check_ctl(&garden, WORDS("backup", dir), 0, "5 objects");
    check_ctl(&garden, WORDS("backup", dir), 0, "of which 0 were copied now");
    CHECK(stat(path, &info) < 0);
    (void)snprintf(path, sizeof path, "%s/objects/imgPool/angry/storm_0h.jpeg", dir);
    CHECK_INT(stat(path, &info), ==, 0);
    check_ctl(&garden, WORDS("restore", dir), 0, "5 were there already");
    garden_stop(&garden);
}

TEST(an_interrupted_backup_is_gone_on_with)
{
    struct garden garden;
    const char *dir = folder_new();
    OWNED_VALUE(buf) nothing = {0};
    char path[300];

    buf_append_str(&nothing, "");
    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    fill(&garden);
    folder_put(dir, "objects/imgPool", nothing.data,
               nothing.size); /* in the way of the second part */
    check_ctl(&garden, WORDS("backup", dir), 1, "imgPool");
    check_ctl(&garden, WORDS("restore", dir), 1, "there is no backup in");
    (void)snprintf(path, sizeof path, "%s/objects/imgPool", dir);
    CHECK_INT(unlink(path), ==, 0);
    check_ctl(&garden, WORDS("backup", dir), 0,
              "5 objects (0.0 MiB), of which 3 were copied now");
    garden_stop(&garden);
}

static void damage(const char *dir, const char *name)
{
    char path[300];
    OWNED_VALUE(buf) bytes = {0};
    struct err err = {0};

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK_OK(file_read(path, 1 << 20, &bytes, &err), err);
    bytes.data[bytes.size / 2] ^= 1;
    CHECK_OK(file_write(path, bytes.data, bytes.size, &err), err);
}

TEST(a_damaged_backup_and_other_pictures_are_told)
{
    struct garden garden, other;
    const char *dir = folder_new();
    OWNED_VALUE(image) image = sample_gradient(64, 40);
    OWNED_VALUE(buf) jpeg = {0};
    struct err err = {0};

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    fill(&garden);
    check_ctl(&garden, WORDS("backup", dir), 0, "5 objects");
    CHECK_OK(image_encode_jpeg(&image, 20, NULL, &jpeg, &err), err);
    CHECK_INT(garden_ask(&garden, "PUT", "/v1/objects/emotions/happy/wide_0h.jpeg", jpeg.data,
                         jpeg.size, NULL),
              ==, 200);
    check_ctl(&garden, WORDS("restore", dir), 1, "DIFFERS emotions/happy/wide_0h.jpeg");
    check_ctl(&garden, WORDS("restore", dir, "--overwrite"), 0, "1 objects restored");
    check_ctl(&garden, WORDS("restore", dir), 0, "5 were there already");
    garden_stop(&garden);

    garden_prepare(&other, NULL, NULL, NULL);
    damage(dir, "objects/imgPool/happy/high_0v.jpeg");
    check_ctl(&other, WORDS("restore", dir), 1,
              "FAILED imgPool/happy/high_0v.jpeg: the backup's copy is damaged");
    check_ctl(&other, WORDS("restore", dir), 1, "4 were there already, 0 differ, 1 failed");
    check_ctl(&other, WORDS("restore", folder_new()), 1, "there is no backup in");
    damage(dir, "manifest.json");
    check_ctl(&other, WORDS("restore", dir), 1, "gardenctl: ");
    http_client_free(other.http);
}

TEST(dead_letters_are_shown_and_sent_again)
{
    struct garden garden;
    OWNED_VALUE(buf) topic = {0};

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    check_ctl(&garden, WORDS("dead-letters"), 0, "There are no dead letters");
    publish(&garden, TOPIC_OBJECTS, "some-key", "id-1", "this is no event");
    garden_wait_answer(&garden, "GET", "/v1/status", NULL, "\"lag\":0", SOON_MS);
    for (int i = 0; i < 1000 && !strstr(buf_text(&topic), "no event"); i++) {
        read_topic(&garden, TOPIC_DEAD_LETTERS, &topic);
        (void)poll(NULL, 0, 10);
    }
    check_ctl(&garden, WORDS("dead-letters", "list"), 0, "0:0 ");
    check_ctl(&garden, WORDS("dead-letters", "list"), 0, "item-ingest");
    check_ctl(&garden, WORDS("dead-letters", "show", "0:0"), 0,
              "\"value\":\"this is no event\"");
    check_ctl(&garden, WORDS("dead-letters", "show", "0:99"), 1,
              "there is no dead letter 0:99");
    check_ctl(&garden, WORDS("dead-letters", "show", "x"), 1, "'x' is no ID");
    check_ctl(&garden, WORDS("dead-letters", "replay"), 2, "replay --all");
    check_ctl(&garden, WORDS("dead-letters", "replay", "--all"), 0,
              "sent 0:0 to garden.objects again");
    read_topic(&garden, TOPIC_OBJECTS, &topic);
    CHECK_STR(buf_text(&topic), "some-key=this is no event;some-key=this is no event;");
    check_ctl(&garden, WORDS("topics"), 0, "garden.objects");
    garden_stop(&garden);
}
