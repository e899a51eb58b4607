/* generator_topics.c - what the generator left on other topics; see generator.h. */
#include <stdio.h>

#include "tests/support/generator.h"
#include "tests/support/process.h"

static void check(int r, const struct err *err, const char *doing)
{
    if (r < 0)
        test_fail("%s: %s", doing, err->text);
}

static int take_reason(void *ctx, const struct bus_record *record, struct err *err)
{
    size_t size = 0;
    const char *reason = bus_record_header(record, "reason", &size);

    (void)err;
    (void)snprintf(ctx, 512, "%.*s", (int)size, reason ? reason : "");
    return 0;
}

int64_t generator_dead(struct generator *g, char ret_reason[512])
{
    struct bus_partition_info infos[GENERATOR_PARTITIONS];
    struct err err = {0};

    (void)generator_partitions(g, TOPIC_DEAD_LETTERS, infos);
    ret_reason[0] = '\0';
    check(bus_read(g->bus, TOPIC_DEAD_LETTERS, 0, g->dead_start, 1000, take_reason, ret_reason,
                   &err),
          &err, "reading dead letters");
    return infos[0].high - g->dead_start;
}

struct wanted {
    const char *key;
    int count;
};

static int count_key(void *ctx, const struct bus_record *record, struct err *err)
{
    struct wanted *wanted = ctx;

    (void)err;
    wanted->count += record->key_size == strlen(wanted->key) &&
                     memcmp(record->key, wanted->key, record->key_size) == 0;
    return 0;
}

int generator_objects(struct generator *g, const char *key)
{
    struct bus_partition_info infos[GENERATOR_PARTITIONS];
    int count = generator_partitions(g, TOPIC_OBJECTS, infos);
    struct wanted wanted = {.key = key};
    struct err err = {0};

    for (int i = 0; i < count; i++)
        check(bus_read(g->bus, TOPIC_OBJECTS, infos[i].partition,
                       g->object_start[infos[i].partition], 100000, count_key, &wanted, &err),
              &err, "reading garden.objects");
    return wanted.count;
}
