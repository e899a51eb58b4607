/* import_dataset.c - gardenctl import-dataset: users, items and interactions from CSV files. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gardenctl/command.h"
#include "gardenctl/dataset_import.h"
#include "lib/base/file.h"
#include "lib/json/json.h"
#include "proto/topics.h"
#include "services/common/garden_conf.h"

enum { PARTITIONS = 16, ASK_MS = 10000, MANIFEST_MAX = 1 << 20 };

/* -- whose export it is -- */

struct search {
    const char *id;
    bool found;
};

static int look(void *ctx, const struct bus_record *record, struct err *err)
{
    struct search *search = ctx;

    (void)err;
    search->found = search->found || (record->key && record->key_size == strlen(search->id) &&
                                      memcmp(record->key, search->id, record->key_size) == 0);
    return 0;
}

static int find_export(struct bus *bus, struct search *search, struct err *err)
{
    struct bus_partition_info infos[PARTITIONS];
    int count = bus_topic_info(bus, TOPIC_EXPORTS, infos, PARTITIONS, ASK_MS, err);

    for (int i = 0; i < count && i < PARTITIONS; i++)
        if (bus_read(bus, TOPIC_EXPORTS, infos[i].partition, infos[i].low,
                     (size_t)(infos[i].high - infos[i].low), look, search, err) < 0)
            return err->code;
    return count < 0 ? count : 0;
}

/* The files do not hold event ids: what this garden knows already would be there twice. */
static int check_foreign(const struct dataset_import_conf *conf, struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    OWNED_JSON manifest = NULL;
    struct search search = {.id = ""};
    struct err ignored = {0};
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/manifest.json", conf->dir);
    if (file_read(path, MANIFEST_MAX, &text, &ignored) < 0)
        return 0;
    manifest = json_parse(buf_text(&text), text.size, &ignored);
    if (!json_is_object(manifest) ||
        json_get_str(manifest, "export_id", &search.id, &ignored) < 0)
        return 0;
    if (find_export(conf->bus, &search, err) < 0)
        return err->code;
    return search.found ? err_set(err, ERR_CONFLICT,
                                  "this garden made that export itself (%.60s): its "
                                  "interactions would be there twice. --again imports it all "
                                  "the same",
                                  search.id)
                        : 0;
}

/* -- the three files -- */

struct counts {
    struct dataset_import_count of[DATASET_KINDS];
    uint64_t refused;
    bool any;
};

static int import_all(const struct dataset_import_conf *conf, struct counts *counts,
                      struct err *err)
{
    *counts = (struct counts){.refused = 0};
    for (int i = 0; i < DATASET_KINDS; i++) {
        if (dataset_import(conf, (enum dataset_kind)i, &counts->of[i], err) < 0)
            return err->code;
        counts->refused += counts->of[i].refused;
        counts->any = counts->any || counts->of[i].there;
    }
    return 0;
}

static void print_refused(const struct dataset_import_count *count)
{
    printf(count->refused ? ", %" PRIu64 " refused\n" : "\n", count->refused);
}

static void print_counts(const struct counts *counts)
{
    const struct dataset_import_count *users = &counts->of[DATASET_USERS],
                                      *items = &counts->of[DATASET_ITEMS],
                                      *acts = &counts->of[DATASET_INTERACTIONS];

    if (users->there) {
        printf("users.csv: %" PRIu64 " imported, %" PRIu64 " known already", users->imported,
               users->rows - users->imported);
        print_refused(users);
    }
    if (items->there) {
        printf("items.csv: %" PRIu64 " are in the garden, %" PRIu64 " are not", items->imported,
               items->rows - items->imported);
        print_refused(items);
        if (items->rows > items->imported)
            printf("  An item follows from its picture: put it in by gardenctl import, under "
                   "its key.\n");
    }
    if (acts->there) {
        printf("interactions.csv: %" PRIu64 " imported", acts->imported);
        print_refused(acts);
    }
}

static int import_dataset(struct dataset_import_conf *conf, const struct args *args,
                          struct counts *counts, struct err *err)
{
    if (!args_has(args, "--again") && check_foreign(conf, err) < 0)
        return err->code;
    if (args_has(args, "--strict") || args_has(args, "--check")) {
        conf->check_only = true;
        if (import_all(conf, counts, err) < 0)
            return err->code;
        conf->check_only = false;
        if (counts->refused || args_has(args, "--check"))
            return 0;
    }
    return import_all(conf, counts, err);
}

static int run(const struct args *args)
{
    struct dataset_import_conf conf = {.dir = args->words[0]};
    struct garden_conf garden;
    struct counts counts = {.any = false};
    struct err err = {0};
    struct stat info;

    if (stat(conf.dir, &info) < 0 || !S_ISDIR(info.st_mode))
        return command_misused("import-dataset", "import-dataset: %s is no folder", conf.dir);
    if (garden_conf_load(&garden, &err) < 0)
        return command_failed(&err);
    OWNED(bus) bus = garden_open_bus(&garden, "gardenctl", &err);
    if (!bus || bus_create_topics(bus, garden_topics, garden_topic_count, &err) < 0)
        return command_failed(&err);
    conf.bus = bus;
    if (import_dataset(&conf, args, &counts, &err) < 0)
        return command_failed(&err);
    if (!counts.any)
        return command_misused("import-dataset",
                               "import-dataset: %s has no users.csv, items.csv or "
                               "interactions.csv",
                               conf.dir);
    if (args_has(args, "--check") || (args_has(args, "--strict") && counts.refused))
        printf("Nothing was imported; these are what would be:\n");
    print_counts(&counts);
    return counts.refused ? EXIT_FAILED : EXIT_WORKED;
}

static const struct args_option options[] = {
    {"--strict", NULL, "where a row is refused, import nothing"},
    {"--check", NULL, "import nothing, and say what would be"},
    {"--again", NULL, "also what this garden exported itself: its acts will be there twice"},
};

const struct command command_import_dataset = {
    .name = "import-dataset",
    .words = "DIR",
    .meaning = "Imports users and interactions from CSV files, ours or Amazon Personalize's",
    .details = "DIR holds users.csv, items.csv and interactions.csv, or some of them, with the "
               "columns\n"
               "  USER_ID,GENERATION,GENDER,EMOTION\n"
               "  ITEM_ID,TIMESTAMP,EMOTION\n"
               "  USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,IMPRESSION\n"
               "in any order; others are passed over. TIMESTAMP is in seconds. EVENT_TYPE "
               "(click, dislike,\n"
               "skip, view; missing: click) and IMPRESSION (ids joined by |) may be missing. "
               "An ITEM_ID is\n"
               "a picture's key: emotions/happy/a_1h.jpeg.\n\n"
               "Visitors that the garden knows already, or that were forgotten, are left as "
               "they are.\n"
               "Items are only compared with the garden: they follow from its pictures, so put "
               "those in\n"
               "by gardenctl import; acts with pictures that come later count from then on.\n"
               "Importing the same files again changes nothing. Rows that are wrong are named, "
               "with their\n"
               "line and what is wrong, and the rest goes on; the exit status is then 1.\n\n"
               "Example: gardenctl import-dataset personalize-export --check\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
