/* restore_topics.c - see restore_topics.h. */
#include "gardenctl/restore_topics.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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
    struct map *there;         /* owned: identities that the topic has */
    struct map *last;          /* owned, states only: identity -> its last line */
    struct record_line *lines; /* owned: waiting to be published */
    size_t line_count;
    int published;
    int64_t next; /* while reading a partition */
};

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

/* One line of the backup. */
struct source {
    const char *text;
    size_t size;
};

/* The first time through: which line is the last of its key. */
static int note_last(struct job *job, struct record_line *line, const struct source *source,
                     struct err *err)
{
    char digest[SHA256_HEX];
    size_t size;
    const void *id = identity(job, &line->record, digest, &size);

    return map_put(job->last, id, size, (void *)source->text) < 0
               ? err_set_nomem(err, "a topic's records")
               : 0;
}

/* The second time: takes the line over where it has to be published. */
static int consider(struct job *job, struct record_line *line, const struct source *source,
                    struct err *err)
{
    char digest[SHA256_HEX];
    size_t size;
    const void *id = identity(job, &line->record, digest, &size);

    if (map_get(job->there, id, size))
        return 0;
    if (job->is_state &&
        (!line->record.value || map_get(job->last, id, size) != (const void *)source->text))
        return 0;
    if (map_put(job->there, id, size, job) < 0)
        return err_set_nomem(err, "a topic's records");
    job->lines[job->line_count] = *line;
    line->storage = (struct buf){0};
    job->line_count++;
    return job->line_count == AT_ONCE ? publish_waiting(job, err) : 0;
}

static int each_line(struct job *job, const struct source *file,
                     int (*fn)(struct job *job, struct record_line *line,
                               const struct source *source, struct err *err),
                     struct err *err)
{
    const char *end = file->text + file->size, *next;
    size_t number = 1;
    int r = 0;

    for (const char *text = file->text; text < end && r == 0; text = next, number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        struct source source = {.text = text};
        OWNED_VALUE(record_line) line = {0};

        next = stop ? stop + 1 : end;
        source.size = (size_t)(next - text);
        r = record_line_read(&line, text, source.size, err);
        if (r < 0)
            (void)err_wrap(err, "line %zu", number);
        else
            r = fn(job, &line, &source, err);
    }
    return r;
}

static int do_job(struct job *job, const struct source *file, struct err *err)
{
    job->there = map_new();
    job->last = map_new();
    if (!job->there || !job->last)
        return err_set_nomem(err, "a topic's records");
    if (read_there(job, err) < 0 ||
        (job->is_state && each_line(job, file, note_last, err) < 0) ||
        each_line(job, file, consider, err) < 0)
        return err->code;
    return publish_waiting(job, err);
}

static int with_lines(struct job *job, const struct source *file, struct err *err)
{
    int r;

    job->lines = calloc(AT_ONCE, sizeof *job->lines);
    r = job->lines ? do_job(job, file, err) : err_set_nomem(err, "a topic's records");
    for (size_t i = 0; i < job->line_count; i++)
        record_line_done(&job->lines[i]);
    free(job->lines);
    map_free(job->there);
    map_free(job->last);
    return r;
}

/* Maps the file, which may be large and is read once or twice. */
static int map_file(const char *path, struct source *ret, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    void *text = NULL;

    if (fd < 0)
        return err_set_errno(err, "opening %.200s", path);
    if (fstat(fd, &info) < 0)
        (void)err_set_errno(err, "%.200s", path);
    else if (info.st_size > 0)
        text = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (text == MAP_FAILED)
        (void)err_set_errno(err, "reading %.200s", path);
    (void)close(fd);
    if (err->code)
        return err->code;
    *ret = (struct source){.text = text ? text : "", .size = (size_t)info.st_size};
    return 0;
}

int restore_topic(struct bus *bus, const char *dir, const struct manifest_file *file,
                  struct err *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct job job = {.bus = bus, .topic = kinds[i].topic, .is_state = kinds[i].is_state};
        struct source source = {0};
        char path[PATH_MAX];
        int r;

        if (strcmp(kinds[i].topic, file->topic) != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, file->file);
        if (map_file(path, &source, err) < 0)
            return err->code;
        r = with_lines(&job, &source, err);
        if (source.size)
            (void)munmap((void *)source.text, source.size);
        return r < 0 ? err_wrap(err, "%s", file->topic) : job.published;
    }
    return 0;
}
