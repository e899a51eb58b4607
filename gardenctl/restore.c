/* restore.c - gardenctl restore: a backup back into the garden that the settings name, empty or
 * not, running or not. Doing it twice does it once. */
#include <inttypes.h>
#include <stdio.h>

#include "gardenctl/command.h"
#include "gardenctl/progress.h"
#include "gardenctl/restore_objects.h"
#include "gardenctl/restore_topics.h"
#include "lib/base/clock.h"
#include "lib/base/stop.h"
#include "proto/topics.h"
#include "services/common/garden_conf.h"

enum { PUBLISH_MS = 30000 };

struct restore {
    const char *dir;
    struct garden_conf conf;
    struct store *store; /* owned */
    struct bus *bus;     /* owned */
    struct manifest manifest;
    struct restore_count count;
    int records;
};

static void restore_done(struct restore *restore)
{
    store_free(restore->store);
    bus_free(restore->bus);
}

/* Nothing is changed before the lists are known to be whole. */
static int read_backup(struct restore *restore, struct err *err)
{
    if (manifest_read(restore->dir, &restore->manifest, err) < 0 ||
        manifest_verify(restore->dir, &restore->manifest.objects, err) < 0)
        return err->code;
    for (size_t i = 0; i < restore->manifest.topic_count; i++)
        if (manifest_verify(restore->dir, &restore->manifest.topics[i], err) < 0)
            return err->code;
    return 0;
}

static int open_engines(struct restore *restore, struct err *err)
{
    if (garden_conf_load(&restore->conf, err) < 0)
        return err->code;
    restore->store = garden_open_store(&restore->conf, err);
    if (restore->store)
        restore->bus = garden_open_bus(&restore->conf, "gardenctl", err);
    if (!restore->bus)
        return err->code;
    return bus_create_topics(restore->bus, garden_topics, garden_topic_count, err);
}

static int do_restore(struct restore *restore, bool overwrite, struct err *err)
{
    struct object_writer_conf writer = {.source = "/gardenctl", .timeout_ms = PUBLISH_MS};

    if (read_backup(restore, err) < 0 || open_engines(restore, err) < 0)
        return err->code;
    writer.store = restore->store;
    writer.bus = restore->bus;
    writer.silent = restore->conf.store_events;
    if (restore_objects(&writer, restore->dir, &restore->manifest, overwrite, &restore->count,
                        err) < 0)
        return err->code;
    for (size_t i = 0; i < restore->manifest.topic_count; i++) {
        int r = restore_topic(restore->bus, restore->dir, &restore->manifest.topics[i], err);

        if (r < 0)
            return r;
        restore->records += r;
    }
    return 0;
}

static int run(const struct args *args)
{
    OWNED_VALUE(restore) restore = {.dir = args->words[0]};
    const struct restore_count *count = &restore.count;
    int64_t start_ms = clock_mono_ms();
    struct err err = {0};
    char took[32];
    int r;

    if (stop_on_signals(&err) < 0)
        return command_failed(&err);
    r = do_restore(&restore, args_has(args, "--overwrite"), &err);
    progress_format_time(clock_mono_ms() - start_ms, took);
    printf("%" PRIu64 " objects restored, %" PRIu64 " were there already, %" PRIu64
           " differ, %" PRIu64 " failed; %d records published, in %s\n",
           count->restored, count->same, count->differs, count->failed, restore.records, took);
    if (count->differs)
        printf("What differs was left alone; --overwrite replaces it by the backup's.\n");
    if (r < 0)
        return command_failed(&err);
    return count->differs || count->failed ? EXIT_FAILED : EXIT_WORKED;
}

static const struct args_option options[] = {
    {"--overwrite", NULL, "replace objects that are there with other bytes"},
};

const struct command command_restore = {
    .name = "restore",
    .words = "DIR",
    .meaning = "Puts a backup back, through the events, running or not",
    .details =
        "Every file is compared with its SHA-256 first. What is there already is skipped,\n"
        "so that a restore can be repeated; a running garden shows what came back as soon\n"
        "as its event is handled.\n\n"
        "Example: gardenctl restore /mnt/backup/garden\n",
    .options = options,
    .option_count = 1,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
