/* The broker is killed and comes back: nothing acknowledged is lost, callers are told in time,
 * and clients recover by themselves. Starts a broker of its own. */
#define TEST_SECONDS 400
#include <pthread.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/bus/bus.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { NUMBERS = 1000, READ_MS = 60000 };

static const char *broker_dir;
static char broker_url[160];

/* Runs tests/engines/kafka.sh; keeps what it says about the address. */
static void kafka_sh(const char *verb)
{
    static const char variable[] = "export TEST_KAFKA=";
    const char *const argv[] = {"tests/engines/kafka.sh", verb, broker_dir, NULL};
    OWNED_VALUE(buf) output = {0};
    const char *line;

    if (process_run(argv, NULL, &output, 180000) != 0)
        TEST_FAIL("kafka.sh %s: %s", verb, buf_text(&output));
    line = strstr(buf_text(&output), variable);
    if (line) {
        line += sizeof variable - 1;
        (void)snprintf(broker_url, sizeof broker_url, "kafka://%.*s", (int)strcspn(line, "\n"),
                       line);
    }
}

static void stop_broker(void)
{
    const char *const argv[] = {"tests/engines/kafka.sh", "stop", broker_dir, NULL};

    (void)process_run(argv, NULL, NULL, 60000);
}

static const struct bus_topic topic = {"outage", 1, false, BUS_KEEP_FOREVER};

struct seen {
    int times[NUMBERS];
    int count;
    bool told_away;
};

/* Publishes one number. Returns bus_publish's answer. */
static int publish_number(struct bus *bus, int number, int timeout_ms, struct err *err)
{
    char text[16];
    struct bus_record record = {.topic = topic.name, .key = "k", .key_size = 1, .value = text};

    record.value_size = (size_t)snprintf(text, sizeof text, "%d", number);
    return bus_publish(bus, &record, 1, timeout_ms, err);
}

static void poll_once(struct bus_consumer *view, struct seen *seen)
{
    struct bus_record records[50];
    struct err err = {0};
    const int n = bus_consumer_poll(view, records, 50, 200, &err);

    if (n < 0) {
        CHECK_INT(n, ==, ERR_UNAVAILABLE);
        seen->told_away = true;
    }
    for (int i = 0; i < n; i++) {
        char text[16];

        (void)snprintf(text, sizeof text, "%.*s", (int)records[i].value_size,
                       (const char *)records[i].value);
        seen->times[strtol(text, NULL, 10)]++;
        seen->count++;
    }
}

struct patient {
    struct bus *bus;
    int result;
    struct err err;
};

/* A publish that has time enough to live through the outage. */
static void *publish_patiently(void *arg)
{
    struct patient *patient = arg;

    patient->result = publish_number(patient->bus, 500, 120000, &patient->err);
    return NULL;
}

static void check_refused(struct bus *bus, int number)
{
    const int64_t start_ms = clock_mono_ms();
    struct err err = {0};
    const int r = publish_number(bus, number, 1500, &err);

    CHECK(r == ERR_UNAVAILABLE || r == ERR_TIMEOUT);
    CHECK_INT(clock_mono_ms() - start_ms, <, 3000);
}

static void while_away(struct bus *bus, struct bus_consumer *view, struct seen *seen)
{
    const int64_t deadline_ms = clock_mono_ms() + READ_MS;
    struct err err = {0};

    for (int i = 0; i < 3; i++)
        check_refused(bus, 600 + i);
    /* by now nothing is in flight: it is certain that nothing was appended */
    CHECK_INT(publish_number(bus, 700, 1000, &err), ==, ERR_UNAVAILABLE);
    CHECK_INT(bus_ping(bus, 500, &(struct err){0}), ==, ERR_UNAVAILABLE);
    while (!seen->told_away) {
        poll_once(view, seen);
        CHECK_INT(clock_mono_ms(), <, deadline_ms);
    }
}

static void check_numbers(const struct seen *seen, int acknowledged)
{
    for (int i = 0; i < acknowledged; i++)
        CHECK_INT(seen->times[i], ==, 1);
    CHECK_INT(seen->times[500], ==, 1);
    CHECK_INT(seen->times[501], ==, 1);
    for (int i = 600; i < 603; i++) /* told that it is unknown or not appended */
        CHECK_INT(seen->times[i], <=, 1);
    CHECK_INT(seen->times[700], ==, 0);
}

static void run(void)
{
    static struct seen seen;
    const struct bus_conf conf = {.url = broker_url, .client_id = "outage"};
    const struct bus_consumer_conf follow = {.topics = (const char *const[]){topic.name},
                                             .topic_count = 1};
    struct patient patient = {0};
    struct err err = {0};
    pthread_t thread;
    int64_t deadline_ms;

    OWNED(bus) bus = bus_open(&conf, &err);
    CHECK(bus != NULL);
    CHECK_OK(bus_create_topics(bus, &topic, 1, &err), err);
    OWNED(bus_consumer) view = bus_consumer_new(bus, &follow, &err);
    CHECK(view != NULL);
    for (int i = 0; i < 100; i++)
        CHECK_OK(publish_number(bus, i, 20000, &err), err);
    while (seen.count < 100)
        poll_once(view, &seen);

    kafka_sh("kill");
    patient.bus = bus;
    CHECK_INT(pthread_create(&thread, NULL, publish_patiently, &patient), ==, 0);
    while_away(bus, view, &seen);
    kafka_sh("restart");

    CHECK_INT(pthread_join(thread, NULL), ==, 0);
    CHECK_OK(patient.result, patient.err);
    CHECK_OK(publish_number(bus, 501, 30000, &err), err);
    deadline_ms = clock_mono_ms() + READ_MS;
    while (seen.times[501] == 0 || !bus_consumer_caught_up(view)) {
        poll_once(view, &seen);
        CHECK_INT(clock_mono_ms(), <, deadline_ms);
    }
    check_numbers(&seen, 100);
}

TEST(kafka_an_outage_is_told_and_lived_through)
{
    const char *shared = getenv("TEST_KAFKA");

    if (!shared || !shared[0])
        SKIP("TEST_KAFKA is not set");
    broker_dir = folder_new();
    CHECK_INT(atexit(stop_broker), ==, 0); /* also where a check fails */
    kafka_sh("start");
    run();
}
