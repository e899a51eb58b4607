/* chain.c - chain BUS: how long it takes from an object written to its place in /gardenfromDB,
 * at 200 objects a second, in a whole garden on the given bus (local or kafka://...).
 *
 * The clock of an object starts before its bytes are written, so the figure holds the store's
 * sync, the event, item-ingest and the answer. A second thread asks the gateway, as a kiosk
 * does, for the gardens of the objects that it has not seen yet. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "proto/key.h"
#include "services/common/object_writer.h"
#include "tests/support/garden.h"
#include "tests/support/process.h"

enum { PER_SECOND = 200, SECONDS = 15, TOTAL = PER_SECOND * SECONDS, GARDENS = 400 };

struct object {
    int64_t written_ns; /* when its writing began; 0: not yet */
    int64_t told_ns;    /* when its bytes and its event were durable */
    int64_t seen_ns;
};

static struct object objects[TOTAL];
static atomic_int written_count;

static void key_of(int i, char *key)
{
    (void)snprintf(key, KEY_BYTES, "emotions/%s/c%03d/chain_%05dh.jpeg",
                   emotion_names[i % EMOTION_COUNT], i % GARDENS, i);
}

static int write_object(const struct object_writer_conf *writer, int i, struct err *err)
{
    static const char bytes[] = "the bytes of a picture are not what is measured here";
    char key[KEY_BYTES];
    const struct store_meta meta = {
        .sha256 = "0000000000000000000000000000000000000000000000000000000000000000",
        .width = 1280,
        .height = 800};
    struct object_change_request request = {
        .what = OBJECT_PUT, .key = key, .data = bytes, .size = sizeof bytes, .meta = &meta};
    struct object_change_result result;

    key_of(i, key);
    objects[i].written_ns = clock_mono_ns();
    if (object_writer_apply(writer, &request, 1, NULL, &result, err) != 1)
        return err->code ? err->code : err_set(err, result.code, "%s", result.reason);
    objects[i].told_ns = clock_mono_ns();
    atomic_store(&written_count, i + 1);
    return 0;
}

static void *run_writer(void *arg)
{
    const struct garden *garden = arg;
    struct err err = {0};
    OWNED(bus) bus = garden_open_bus(&garden->conf, "chain", &err);
    OWNED(store) store = garden_open_store(&garden->conf, &err);
    const struct object_writer_conf writer = {
        .store = store, .bus = bus, .source = "/chain", .timeout_ms = 10000};
    int64_t start = clock_mono_ns();

    for (int i = 0; i < TOTAL && err.code == 0; i++) {
        int64_t due = start + (int64_t)i * (1000000000 / PER_SECOND);
        int64_t ahead = due - clock_mono_ns();

        if (ahead > 0)
            (void)ppoll(NULL, 0, &(struct timespec){0, ahead}, NULL);
        (void)write_object(&writer, i, &err);
    }
    if (err.code) {
        (void)fprintf(stderr, "chain: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
    return NULL;
}

static void look(struct garden *garden, int i, struct buf *answer)
{
    char key[KEY_BYTES], body[128];
    int size = snprintf(body, sizeof body, "{\"emotion\":\"%s/c%03d\"}",
                        emotion_names[i % EMOTION_COUNT], i % GARDENS);

    (void)garden_ask(garden, "POST", "/gardenfromDB", body, (size_t)size, answer);
    key_of(i, key);
    if (strstr(buf_text(answer), key))
        objects[i].seen_ns = clock_mono_ns();
}

/* Asks for what is written and not seen until all is seen. */
static void watch(struct garden *garden)
{
    OWNED_VALUE(buf) answer = {0};
    int first = 0;
    int64_t deadline = clock_mono_ms() + (int64_t)SECONDS * 4000;

    while (first < TOTAL) {
        int written = atomic_load(&written_count);

        for (int i = first; i < written; i++)
            if (!objects[i].seen_ns)
                look(garden, i, &answer);
        while (first < written && objects[first].seen_ns)
            first++;
        if (first == written)
            (void)ppoll(NULL, 0, &(struct timespec){0, 100000}, NULL);
        if (clock_mono_ms() > deadline) {
            (void)fprintf(stderr, "chain: object %d never appeared\n", first);
            exit(EXIT_FAILURE);
        }
    }
}

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void report(const char *engine, const char *what, int64_t ns, double target_ms)
{
    double ms = (double)ns / 1e6;

    printf("chain-%s-%s\t%.2f\tms\t<= %.0f\t%s\n", engine, what, ms, target_ms,
           ms <= target_ms ? "ok" : "short");
}

/* The whole chain against its targets; of it, what writing took, which is the disk's. */
static void report_all(const char *engine)
{
    static int64_t took[TOTAL], writing[TOTAL];
    bool local = strcmp(engine, "local") == 0;

    for (int i = 0; i < TOTAL; i++) {
        took[i] = objects[i].seen_ns - objects[i].written_ns;
        writing[i] = objects[i].told_ns - objects[i].written_ns;
    }
    qsort(took, TOTAL, sizeof *took, compare);
    qsort(writing, TOTAL, sizeof *writing, compare);
    report(engine, "p50", took[TOTAL / 2], local ? 5 : 50);
    report(engine, "p99", took[TOTAL * 99 / 100], local ? 20 : 50);
    report(engine, "writing-p50", writing[TOTAL / 2], local ? 5 : 50);
    report(engine, "writing-p99", writing[TOTAL * 99 / 100], local ? 20 : 50);
}

int main(int argc, char **argv)
{
    struct garden garden;
    pthread_t writer;
    const char *engine = argc == 2 && strcmp(argv[1], "local") != 0 ? "kafka" : "local";

    if (argc != 2) {
        (void)fprintf(stderr, "usage: chain local|kafka://host:port\n");
        return 2;
    }
    garden_prepare(&garden, argv[1], NULL, NULL);
    garden_start(&garden);
    if (pthread_create(&writer, NULL, run_writer, &garden) != 0)
        return EXIT_FAILURE;
    watch(&garden);
    (void)pthread_join(writer, NULL);
    garden_stop(&garden);
    report_all(engine);
    return EXIT_SUCCESS;
}
