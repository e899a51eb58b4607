/* The first main job, as its people do it: an operator puts pictures into the pool, looks at
 * them, promotes the good ones, and a kiosk's garden has them; what is removed is gone. Once on
 * the embedded engines, once on Apache Kafka, PostgreSQL and an S3 server whose own events
 * drive the garden. */
#define TEST_SECONDS 300
#include <sys/stat.h>

#include "lib/base/clock.h"
#include "tests/support/engine.h"
#include "tests/support/garden.h"
#include "tests/support/process.h"
#include "tests/test.h"

#define GARDEN "happy/spring,sunny,day"
#define ASK "{\"id\":\"visitor\",\"emotion\":\"" GARDEN "\"}"
#define LANDSCAPE "img_20260504-090800_0h.jpeg"
#define PORTRAIT "img_20260504-090800_0v.jpeg"

enum { SOON_MS = 20000 };

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void ctl(struct garden *garden, const char *const *words, const char *expected)
{
    OWNED_VALUE(buf) output = {0};
    int status = garden_ctl(garden, words, &output);

    if (status != 0 || !strstr(buf_text(&output), expected))
        TEST_FAIL("gardenctl %s: status %d: %s", words[0], status, buf_text(&output));
}

/* A folder as the README describes it: <mood>/<season,weather,hour>/pictures. */
static const char *pictures_folder(void)
{
    const char *folder = folder_new();
    char path[256];
    const char *copy[] = {"sh", "-c", "cp tests/golden/pictures/*.jpeg \"$0\"", path, NULL};

    (void)snprintf(path, sizeof path, "%s/happy", folder);
    CHECK_INT(mkdir(path, 0700), ==, 0);
    (void)snprintf(path, sizeof path, "%s/" GARDEN, folder);
    CHECK_INT(mkdir(path, 0700), ==, 0);
    CHECK_INT(process_run(copy, NULL, NULL, SOON_MS), ==, 0);
    return folder;
}

static void check_answer(struct garden *garden, const char *route, bool has, const char *text)
{
    OWNED_VALUE(buf) answer = {0};

    CHECK_INT(garden_ask(garden, "POST", route, ASK, strlen(ASK), &answer), ==, 200);
    if ((strstr(buf_text(&answer), text) != NULL) != has)
        TEST_FAIL("%s %s %s: %s", route, has ? "lacks" : "has", text, buf_text(&answer));
}

/* The picture that the garden names is served, byte for byte. */
static void check_served(struct garden *garden, const char *name)
{
    OWNED_VALUE(buf) served = {0};
    OWNED_VALUE(buf) original = {0};
    char path[256];

    (void)snprintf(path, sizeof path, "tests/golden/pictures/%s", name);
    file_load(path, &original);
    (void)snprintf(path, sizeof path, "/emotions/happy/spring%%2Csunny%%2Cday/%s", name);
    CHECK_INT(garden_ask(garden, "GET", path, NULL, 0, &served), ==, 200);
    CHECK_INT(served.size, ==, original.size);
    CHECK(memcmp(served.data, original.data, served.size) == 0);
}

TEST(pool_to_garden_on_one_machine)
{
    struct garden garden;
    const char *folder = pictures_folder();

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    ctl(&garden, WORDS("import", folder, "--pool"), "4");
    garden_wait_answer(&garden, "POST", "/retrieve", ASK, LANDSCAPE, SOON_MS);
    check_answer(&garden, "/gardenfromDB", false, LANDSCAPE);

    ctl(&garden, WORDS("promote", "--emotion", "happy"), "4");
    garden_wait_answer(&garden, "POST", "/gardenfromDB", ASK, LANDSCAPE, SOON_MS);
    garden_wait_answer(&garden, "POST", "/gardenfromDB", ASK, PORTRAIT, SOON_MS);
    check_answer(&garden, "/retrieve", true, LANDSCAPE);
    check_served(&garden, LANDSCAPE);
    check_served(&garden, PORTRAIT);

    ctl(&garden, WORDS("remove", "emotions/" GARDEN "/" LANDSCAPE), "1");
    garden_wait_answer(&garden, "POST", "/gardenfromDB", ASK, "\"landscape\":[{", SOON_MS);
    check_answer(&garden, "/gardenfromDB", true, PORTRAIT);
    ctl(&garden, WORDS("doctor"), "ok");
    garden_stop(&garden);
}

/* Runs a real S3 client with the credentials of the test's server. */
static void s3(const char *const *words)
{
    const char *url = getenv("TEST_S3"), *endpoint;
    char host[96], key[160], secret[160];
    const char *argv[24] = {"s3cmd", "--no-ssl", "--quiet", "--region=us-east-1"};
    OWNED_VALUE(buf) output = {0};
    int n = 4;

    CHECK(url != NULL);
    endpoint = strstr(url, "endpoint=http://");
    CHECK(endpoint != NULL);
    endpoint += strlen("endpoint=http://");
    (void)snprintf(host, sizeof host, "%.*s", (int)strcspn(endpoint, "&"), endpoint);
    (void)snprintf(key, sizeof key, "--access_key=%s", getenv("AWS_ACCESS_KEY_ID"));
    (void)snprintf(secret, sizeof secret, "--secret_key=%s", getenv("AWS_SECRET_ACCESS_KEY"));
    argv[n++] = key;
    argv[n++] = secret;
    argv[n++] = "--host";
    argv[n++] = host;
    argv[n++] = "--host-bucket";
    argv[n++] = host;
    while (*words)
        argv[n++] = *words++;
    if (process_run(argv, NULL, &output, SOON_MS) != 0)
        TEST_FAIL("s3cmd %s: %s", argv[10], buf_text(&output));
}

/* A schema of its own on the test's PostgreSQL. */
static const char *postgres_schema(void)
{
    static char url[300];
    const char *base = getenv("TEST_POSTGRES");
    char sql[96], schema[48];
    const char *psql[] = {"psql", "-q", "-c", sql, base, NULL};

    CHECK(base != NULL);
    (void)snprintf(schema, sizeof schema, "main_job_%ld", (long)getpid());
    (void)snprintf(sql, sizeof sql, "CREATE SCHEMA %s", schema);
    CHECK_INT(process_run(psql, NULL, NULL, SOON_MS), ==, 0);
    (void)snprintf(url, sizeof url, "%s%coptions=-csearch_path%%3D%s", base,
                   strchr(base, '?') ? '&' : '?', schema);
    return url;
}

TEST(an_s3_client_fills_gardens_with_none_of_our_writers)
{
    struct garden garden;
    char bus[128];

    if (!getenv("TEST_KAFKA") || !getenv("TEST_S3") || !getenv("TEST_POSTGRES"))
        SKIP("TEST_KAFKA, TEST_S3 and TEST_POSTGRES are not all set");
    /* Of its own: the topic and the bucket hold nothing but what is put here. */
    (void)engine_start("kafka", NULL);
    (void)engine_start("versitygw", getenv("TEST_KAFKA"), "garden.objects", NULL);
    (void)snprintf(bus, sizeof bus, "kafka://%s", getenv("TEST_KAFKA"));
    CHECK_INT(setenv("GARDEN_STORE_EVENTS", "1", 1), ==, 0);
    garden_prepare(&garden, bus, getenv("TEST_S3"), postgres_schema());
    garden_start(&garden);

    s3(WORDS("put", "tests/golden/pictures/" LANDSCAPE,
             "s3://garden/imgPool/" GARDEN "/" LANDSCAPE));
    s3(WORDS("put", "tests/golden/pictures/" PORTRAIT,
             "s3://garden/emotions/" GARDEN "/" PORTRAIT));
    garden_wait_answer(&garden, "POST", "/gardenfromDB", ASK, PORTRAIT, SOON_MS);
    garden_wait_answer(&garden, "POST", "/retrieve", ASK, LANDSCAPE, SOON_MS);
    check_answer(&garden, "/gardenfromDB", false, LANDSCAPE);
    check_served(&garden, PORTRAIT);

    ctl(&garden, WORDS("promote", "--emotion", "happy"), "1");
    garden_wait_answer(&garden, "POST", "/gardenfromDB", ASK, LANDSCAPE, SOON_MS);

    s3(WORDS("del", "s3://garden/emotions/" GARDEN "/" PORTRAIT));
    garden_wait_answer(&garden, "POST", "/gardenfromDB", ASK, "\"portrait\":[]", SOON_MS);
    garden_stop(&garden);
}
