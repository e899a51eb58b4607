/* backup_topics.c - see backup_topics.h. */
#include "gardenctl/backup_topics.h"

#include <limits.h>
#include <string.h>

#include "gardenctl/record_line.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "proto/topics.h"

/* garden.items can be made anew from the objects; it is kept for reference. */
static const char *const topics[] = {TOPIC_USERS, TOPIC_INTERACTIONS, TOPIC_DISPLAYS,
                                     TOPIC_ITEMS};

enum { TOPIC_COUNT = 4, MAX_PARTITIONS = 256, ASK_MS = 10000, READ_AT_ONCE = 5000 };

struct dump {
    FILE *file;
    struct buf line; /* owned */
    int64_t end;     /* of the partition, when the backup began */
    int64_t next;    /* offset to go on at */
    struct progress progress;
    uint64_t lines;
};

static int dump_record(void *ctx, const struct bus_record *record, struct err *err)
{
    struct dump *dump = ctx;

    dump->next = record->offset + 1;
    if (record->offset >= dump->end)
        return 0;
    buf_clear(&dump->line);
    record_line_write(&dump->line, record);
    if (!buf_ok(&dump->line))
        return err_set_nomem(err, "a record");
    if (fwrite(dump->line.data, 1, dump->line.size, dump->file) != dump->line.size)
        return err_set_errno(err, "writing the topic");
    progress_at(&dump->progress, ++dump->lines);
    return 0;
}

static int dump_partition(struct bus *bus, const char *topic,
                          const struct bus_partition_info *info, struct dump *dump,
                          struct err *err)
{
    dump->next = info->low;
    dump->end = info->high;
    while (dump->next < info->high) {
        int r = bus_read(bus, topic, info->partition, dump->next, READ_AT_ONCE, dump_record,
                         dump, err);

        if (r < 0)
            return r;
        if (r == 0) /* what was left has been compacted away */
            break;
    }
    return 0;
}

static int dump_topic(struct bus *bus, const char *topic, FILE *file, int64_t *ret_lines,
                      struct err *err)
{
    struct bus_partition_info infos[MAX_PARTITIONS];
    struct dump dump = {.file = file};
    int count = bus_topic_info(bus, topic, infos, MAX_PARTITIONS, ASK_MS, err), r = 0;

    if (count < 0)
        return count;
    if (count > MAX_PARTITIONS)
        return err_set(err, ERR_TOO_LARGE, "over %d partitions", MAX_PARTITIONS);
    progress_start(&dump.progress, topic, "records", 0);
    for (int i = 0; i < count && r == 0; i++)
        r = dump_partition(bus, topic, &infos[i], &dump, err);
    progress_end(&dump.progress);
    buf_done(&dump.line);
    *ret_lines = (int64_t)dump.lines;
    return r;
}

static int backup_topic(struct bus *bus, const char *dir, const char *topic,
                        struct manifest_file *file, struct err *err)
{
    char path[PATH_MAX];
    FILE *out;
    int r;

    (void)snprintf(path, sizeof path, "%s/%s", dir, file->file);
    if (file_make_folders(path, err) < 0)
        return err->code;
    out = fopen(path, "we");
    if (!out)
        return err_set_errno(err, "making %.200s", path);
    r = dump_topic(bus, topic, out, &file->lines, err);
    if (fclose(out) != 0 && r == 0)
        r = err_set_errno(err, "writing %.200s", path);
    return r < 0 ? err_wrap(err, "%s", topic) : manifest_hash(dir, file, err);
}

int backup_topics(struct bus *bus, const char *dir, const char *folder,
                  struct manifest *manifest, struct err *err)
{
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        struct manifest_file *file = &manifest->topics[i];
        int r;

        (void)snprintf(file->topic, sizeof file->topic, "%s", topics[i]);
        (void)snprintf(file->file, sizeof file->file, "%.40s/%s.jsonl", folder, topics[i]);
        r = backup_topic(bus, dir, topics[i], file, err);
        if (r < 0)
            return r;
    }
    manifest->topic_count = TOPIC_COUNT;
    return 0;
}
