/* topics.c - gardenctl topics: what is in each topic and who is behind. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gardenctl/command.h"
#include "gardenctl/lag.h"
#include "proto/topics.h"
#include "services/common/garden_conf.h"

struct engines {
    struct bus *bus;         /* owned */
    struct catalog *catalog; /* owned; NULL: none yet */
};

static void engines_done(struct engines *engines)
{
    bus_free(engines->bus);
    catalog_free(engines->catalog);
}

/* A group of the bus itself, named on the command line. */
static int read_bus_group(struct bus *bus, const struct lag_topic *topic, const char *name,
                          struct lag_group *ret, bool *ret_any, struct err *err)
{
    *ret_any = false;
    for (int i = 0; i < LAG_PARTITIONS; i++)
        ret->next[i] = -1;
    for (int i = 0; i < topic->partition_count; i++) {
        int32_t partition = topic->partitions[i].partition;

        if (partition >= LAG_PARTITIONS)
            continue;
        if (bus_group_offset(bus, name, topic->name, partition, &ret->next[partition], err) < 0)
            return err->code;
        *ret_any = *ret_any || ret->next[partition] >= 0;
    }
    return 0;
}

static void print_group(const char *name, const struct lag_topic *topic,
                        const struct lag_group *group)
{
    printf("  %-26s %10s %12" PRId64 " behind\n", name, "", lag_behind(topic, group));
}

static int print_topic(struct bus *bus, const char *name, const struct args *args,
                       const struct lag_group *groups, int group_count)
{
    struct lag_topic topic;
    struct err err = {0};

    if (lag_topic_read(bus, name, &topic, &err) < 0) {
        printf("%-28s %s\n", name, err.text);
        return err.code;
    }
    printf("%-28s %10d %12" PRId64 "\n", name, topic.partition_count, topic.records);
    for (int i = 0; i < group_count; i++)
        if (strcmp(groups[i].topic, name) == 0)
            print_group(groups[i].group, &topic, &groups[i]);
    for (size_t i = 0; i < args->word_count; i++) {
        struct lag_group group;
        bool any;

        if (read_bus_group(bus, &topic, args->words[i], &group, &any, &err) < 0) {
            printf("  %-26s %s\n", args->words[i], err.text);
            return err.code;
        }
        if (any)
            print_group(args->words[i], &topic, &group);
    }
    return 0;
}

static int run(const struct args *args)
{
    OWNED_VALUE(engines) engines = {0};
    struct garden_conf conf;
    struct lag_group *groups = calloc(LAG_GROUPS, sizeof *groups);
    struct err err = {0};
    int count = 0, status = EXIT_WORKED;

    if (!groups) {
        (void)err_set_nomem(&err, "the list of groups");
        return command_failed(&err);
    }
    if (garden_conf_load(&conf, &err) == 0)
        engines.bus = garden_open_bus(&conf, "gardenctl", &err);
    if (engines.bus)
        engines.catalog = garden_open_catalog(&conf, true, &err);
    if (engines.catalog)
        count = lag_groups_read(engines.catalog, groups, &err);
    if (engines.bus) {
        printf("%-28s %10s %12s\n", "topic", "partitions", "records");
        for (size_t i = 0; i < garden_topic_count; i++)
            if (print_topic(engines.bus, garden_topics[i].name, args, groups, count) < 0)
                status = EXIT_FAILED;
    }
    free(groups);
    return err.code ? command_failed(&err) : status;
}

const struct command command_topics = {
    .name = "topics",
    .words = "[GROUP...]",
    .meaning = "Shows the topics: partitions, records, and how far consumers are behind",
    .details =
        "Consumers that keep their offsets in the catalogue are always shown; those that keep\n"
        "them in the bus when they are named.\n\n"
        "Example: gardenctl topics\n",
    .max_words = 16,
    .run = run,
};
