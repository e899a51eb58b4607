/* restore_topics.c - see restore_topics.h. */
#include "gardenctl/restore_topics.h"

#include <limits.h>
#include <string.h>

#include "gardenctl/progress.h"
#include "gardenctl/record_line.h"
#include "lib/base/map.h"
#include "proto/topics.h"

enum {
    MAX_PARTITIONS = 256,
    ASK_MS = 10000,
    PUBLISH_MS = 30000,
    READ_AT_ONCE = 5000,
    AT_ONCE = 200, /* records in one publish */
};

static const struct {
    const char *topic;
    bool is_state; /* only the last record of a key counts */
} kinds[] = {{TOPIC_USERS, true}, {TOPIC_DISPLAYS, true}, {TOPIC_INTERACTIONS, false}};

struct job {
    struct bus *bus;
    const char *topic;
    bool is_state;
    struct map *there; /* owned: identities that the topic has */
    struct map *last;  /* owned, states only: identity -> number of its last line, + 1 */
    struct record_line *lines; /* owned: waiting to be published */
    size_t line_count;
    int published;
    int64_t next; /* while reading a partition */
};

static void job_done(struct job *job)
{
    map_free(job->there);
    map_free(job->last);
    for (size_t i = 0; i < job->line_count; i++)
        record_line_done(&job->lines[i]);
    free(job->lines);
}

/* What makes two records the same: the key of a state, the id of an event. */
static const void *identity(const struct job *job, const struct bus_record *record,
                            char digest[SHA256_HEX], size_t *ret_size)
{
    const char *id;

    *ret_size = record->key_size;
    if (job->is_state)
        return record->key ? record->key : "";
    id = bus_record_header(record, "ce_id", ret_size);
    if (id)
        return id;
    sha256_hex(record->value ? record->value : "", record->value_size, digest);
    *ret_size = strlen(digest);
    return digest;
}

static int note_there(void *ctx, const struct bus_record *record, struct err *err)
{
    struct job *job = ctx;
    char digest[SHA256_HEX];
    size_t size;
    const void *id = identity(job, record, digest, &size);

    job->next = record->offset + 1;
    return map_put(job->there, id, size, job) < 0 ? err_set_nomem(err, "a topic's records") : 0;
}

static int read_there(struct job *job, struct err *err)
{
    struct bus_partition_info infos[MAX_PARTITIONS];
    int count = bus_topic_info(job->bus, job->topic, infos, MAX_PARTITIONS, ASK_MS, err);

    for (int i = 0; i < count && i < MAX_PARTITIONS; i++) {
        int r = 1;

        for (job->next = infos[i].low; job->next < infos[i].high && r > 0;)
            r = bus_read(job->bus, job->topic, infos[i].partition, job->next, READ_AT_ONCE,
                         note_there, job, err);
        if (r < 0)
            return r;
    }
    return count < 0 ? count : 0;
}

static int publish_waiting(struct job *job, struct err *err)
{
    struct bus_record records[AT_ONCE];
    int r;

    if (job->line_count == 0)
        return 0;
    for (size_t i = 0; i < job->line_count; i++) {
        records[i] = job->lines[i].record;
        records[i].topic = job->topic;
        records[i].headers = job->lines[i].headers;
    }
    r = bus_publish(job->bus, records, job->line_count, PUBLISH_MS, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < job->line_count; i++)
        record_line_done(&job->lines[i]);
    job->published += (int)job->line_count;
    job->line_count = 0;
    return 0;
}

/* The line of the file is the last word on its key. */
static bool is_last(const struct job *job, const void *id, size_t size, size_t number)
{
    return (size_t)map_get(job->last, id, size) == number + 1;
}

static int note_last(struct job *job, const struct bus_record *record, size_t number,
                     struct err *err)
{
    char digest[SHA256_HEX];
    size_t size;
    const void *id = identity(job, record, digest, &size);

    /* the number stands for itself; nothing is pointed to */
    if (map_put(job->last, id, size, (void *)(number + 1)) <
        0) // NOLINT(performance-no-int-to-ptr)
        return err_set_nomem(err, "a topic's records");
    return 0;
}

/* Takes the line over where it has to be published. */
static int consider(struct job *job, struct record_line *line, size_t number, struct err *err)
{
    char digest[SHA256_HEX];
    size_t size;
    const void *id = identity(job, &line->record, digest, &size);

    if (map_get(job->there, id, size) ||
        (job->is_state && (!line->record.value || !is_last(job, id, size, number))))
        return 0;
    if (map_put(job->there, id, size, job) < 0)
        return err_set_nomem(err, "a topic's records");
    job->lines[job->line_count] = *line;
    line->storage = (struct buf){0};
    job->line_count++;
    return job->line_count == AT_ONCE ? publish_waiting(job, err) : 0;
}

/* Goes through the file: first to see which line is the last of its key, then to publish. */
static int each_line(struct job *job, FILE *file, bool publish, struct err *err)
{
    char *text = NULL;
    size_t capacity = 0, number = 0;
    ssize_t size;
    int r = 0;

    rewind(file);
    while (r == 0 && (size = getline(&text, &capacity, file)) > 0) {
        OWNED_VALUE(record_line) line = {0};

        r = record_line_read(&line, text, (size_t)size, err);
        if (r < 0)
            (void)err_wrap(err, "line %zu", number + 1);
        else
            r = publish ? consider(job, &line, number, err)
                        : note_last(job, &line.record, number, err);
        number++;
    }
    free(text);
    return r;
}

static int do_job(struct job *job, FILE *file, struct err *err)
{
    job->there = map_new();
    job->last = map_new();
    job->lines = calloc(AT_ONCE, sizeof *job->lines);
    if (!job->there || !job->last || !job->lines)
        return err_set_nomem(err, "a topic's records");
    if (read_there(job, err) < 0 || (job->is_state && each_line(job, file, false, err) < 0) ||
        each_line(job, file, true, err) < 0)
        return err->code;
    return publish_waiting(job, err);
}

int restore_topic(struct bus *bus, const char *dir, const struct manifest_file *file,
                  struct err *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        OWNED_VALUE(job)
        job = {.bus = bus, .topic = kinds[i].topic, .is_state = kinds[i].is_state};
        char path[PATH_MAX];
        FILE *lines;
        int r;

        if (strcmp(kinds[i].topic, file->topic) != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, file->file);
        lines = fopen(path, "re");
        if (!lines)
            return err_set_errno(err, "opening %.200s", path);
        r = do_job(&job, lines, err);
        (void)fclose(lines);
        return r < 0 ? err_wrap(err, "%s", file->topic) : job.published;
    }
    return 0;
}
