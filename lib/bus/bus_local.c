/* bus_local.c - the local backend: a folder of topics. See bus_local.h. */
#include "lib/bus/bus_local.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/bus/bus_local_checkpoint.h"
#include "lib/bus/bus_local_maintain.h"
#include "lib/bus/bus_local_reader.h"
#include "lib/bus/bus_local_writer.h"

static int make_dir(const char *dir, struct err *err)
{
    char path[PATH_MAX];
    size_t i;

    if (text_copy(path, sizeof path, dir) < 0)
        return err_set(err, ERR_IO, "the name of the bus folder is too long");
    for (i = 1; path[i]; i++)
        if (path[i] == '/') {
            path[i] = '\0';
            (void)mkdir(path, 0777);
            path[i] = '/';
        }
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "cannot make the bus folder %s: %s", dir, strerror(errno));
    return 0;
}

/* Finds out by making a file, since access() does not know all that can be in the way. */
static int check_dir(const char *dir, struct err *err)
{
    const int fd = bus_local_open_beside(dir, "maintain", "lock", err);

    if (fd < 0)
        return err->code;
    (void)close(fd);
    return 0;
}

int bus_local_open_beside(const char *dir, const char *topic, const char *suffix,
                          struct err *err)
{
    OWNED_STRING path = NULL;
    int fd;

    if (asprintf(&path, "%s/%s.%s", dir, topic, suffix) < 0) {
        path = NULL;
        return err_set_nomem(err, "a file's name");
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_set(err, ERR_IO, "cannot open %s: %s; check the folder's rights and space",
                       path, strerror(errno));
    return fd;
}

void bus_local_ring(int bell_fd)
{
    /* Where this fails, readers look by themselves a little later. */
    if (pwrite(bell_fd, "!", 1, 0) != 1)
        return;
}

static int create_topics(struct bus *bus, const struct bus_topic *topics, size_t count,
                         struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct local_config config = {topics[i].partitions, topics[i].compact,
                                            topics[i].retention_ms};

        if (local_db_create(local_bus_of(bus)->dir, topics[i].name, &config, err) < 0)
            return err_wrap(err, "make topic %s", topics[i].name);
    }
    return 0;
}

static struct local_writer *writer_of(struct local_bus *b, const char *topic, struct err *err)
{
    struct local_writer *writer;

    (void)pthread_mutex_lock(&b->lock);
    writer = map_get(b->writers, topic, strlen(topic));
    if (!writer) {
        writer = local_writer_new(b->dir, topic, b->checkpointer, err);
        if (writer && map_put(b->writers, topic, strlen(topic), writer) < 0) {
            local_writer_free(writer);
            writer = NULL;
            err_set_nomem(err, "a topic");
        }
    }
    (void)pthread_mutex_unlock(&b->lock);
    return writer;
}

static bool is_first_of_topic(const struct bus_record *records, size_t i)
{
    if (i > 0 && strcmp(records[i].topic, records[i - 1].topic) == 0)
        return false;
    for (size_t j = 0; j + 1 < i; j++)
        if (strcmp(records[i].topic, records[j].topic) == 0)
            return false;
    return true;
}

int bus_local_publish(struct bus *bus, const struct bus_record *records, size_t count,
                      int timeout_ms, struct err *err)
{
    size_t topics_done = 0;

    for (size_t i = 0; i < count; i++) /* so that an unknown topic is met before any append */
        if (is_first_of_topic(records, i) &&
            !writer_of(local_bus_of(bus), records[i].topic, err))
            return err->code;
    for (size_t i = 0; i < count; i++) {
        if (!is_first_of_topic(records, i))
            continue;
        if (local_writer_append(writer_of(local_bus_of(bus), records[i].topic, err), records,
                                count, timeout_ms, err) < 0) {
            if (topics_done > 0) /* another topic has its records already */
                err->code = ERR_TIMEOUT;
            return err_wrap(err, "publish to %s", records[i].topic);
        }
        topics_done++;
    }
    return 0;
}

struct ping {
    int timeout_ms;
    struct err *err;
};

static void ping_writer(void *ctx, const void *key, size_t key_size, void *value)
{
    const struct ping *ping = ctx;

    (void)key;
    (void)key_size;
    if (ping->err->code == 0)
        (void)local_writer_append(value, NULL, 0, ping->timeout_ms, ping->err);
}

int bus_local_ping(struct bus *bus, int timeout_ms, struct err *err)
{
    struct local_bus *b = local_bus_of(bus);
    struct ping ping = {timeout_ms, err};

    if (check_dir(b->dir, err) < 0)
        return err->code;
    (void)pthread_mutex_lock(&b->lock);
    map_each(b->writers, ping_writer, &ping);
    (void)pthread_mutex_unlock(&b->lock);
    return err->code;
}

static int fill_infos(struct local_reader *reader, const int64_t *highs,
                      struct bus_partition_info *ret_infos, size_t max, struct err *err)
{
    const int32_t partitions = reader->config.partitions;

    for (int32_t p = 0; p < partitions && (size_t)p < max; p++) {
        struct bus_partition_info info = {.partition = p, .high = highs[p]};

        if (local_reader_low(reader, p, highs[p], &info.low, err) < 0)
            return err->code;
        if (info.low > info.high) /* records came after highs was read */
            info.low = info.high;
        ret_infos[p] = info;
    }
    return partitions;
}

static int topic_info(struct bus *bus, const char *topic, struct bus_partition_info *ret_infos,
                      size_t max, int timeout_ms, struct err *err)
{
    int64_t highs[BUS_PARTITIONS_MAX] = {0};
    OWNED_VALUE(local_reader) reader = {0};

    if (local_reader_open(&reader, local_bus_of(bus)->dir, topic, err) < 0)
        return err->code;
    local_db_wait(&reader.db, timeout_ms);
    if (local_reader_highs(&reader, highs, err) < 0)
        return err->code;
    return fill_infos(&reader, highs, ret_infos, max, err);
}

static int group_offset(struct bus *bus, const char *group, const char *topic,
                        int32_t partition, int64_t *ret_offset, struct err *err)
{
    OWNED_VALUE(local_reader) reader = {0};

    if (local_reader_open(&reader, local_bus_of(bus)->dir, topic, err) < 0)
        return err->code;
    return local_reader_group_offset(&reader, group, partition, ret_offset, err);
}

enum { READ_STEP = 256 };

/* Reads a step of records and calls fn for each. Returns how many, 0 at the end. */
static int read_step(struct local_reader *reader, const struct bus_range *range,
                     int64_t *position, size_t max, struct err *err)
{
    struct bus_record records[READ_STEP];
    struct local_batch batch = {.records = records,
                                .max = max < READ_STEP ? max : READ_STEP,
                                .bytes_max = BUS_PREFETCH_BYTES};
    int r = local_reader_fetch(reader, range->partition, *position, position, &batch, err);

    for (size_t i = 0; i < batch.count && r >= 0; i++)
        r = range->fn(range->ctx, &records[i], err);
    arena_done(&batch.arena);
    return r < 0 ? r : (int)batch.count;
}

static int read_range(struct bus *bus, const struct bus_range *range, struct err *err)
{
    OWNED_VALUE(local_reader) reader = {0};
    int64_t position = range->offset;
    size_t done = 0;
    int r = 1;

    if (local_reader_open(&reader, local_bus_of(bus)->dir, range->topic, err) < 0)
        return err->code;
    if (range->partition < 0 || range->partition >= reader.config.partitions)
        return err_set(err, ERR_NOT_FOUND, "topic %s has no partition %d", range->topic,
                       range->partition);
    while (done < range->max && r > 0) {
        r = read_step(&reader, range, &position, range->max - done, err);
        if (r < 0)
            return r;
        done += (size_t)r;
    }
    return (int)done;
}

static void free_writer(void *ctx, const void *key, size_t key_size, void *value)
{
    (void)ctx;
    (void)key;
    (void)key_size;
    local_writer_free(value);
}

static void local_free(struct bus *bus)
{
    struct local_bus *b = local_bus_of(bus);

    local_checkpointer_free(b->checkpointer); /* its thread uses the writers */
    if (b->writers)
        map_each(b->writers, free_writer, NULL);
    map_free(b->writers);
    local_maintainer_free(b->maintainer);
    (void)pthread_mutex_destroy(&b->lock);
    free(b->dir);
    free(b);
}

static const struct bus_ops local_ops = {
    .free = local_free,
    .create_topics = create_topics,
    .publish = bus_local_publish,
    .consumer_new = bus_local_consumer_new,
    .topic_info = topic_info,
    .group_offset = group_offset,
    .read = read_range,
    .ping = bus_local_ping,
    .maintain = bus_local_maintain,
};

struct bus *bus_local_open(const struct bus_conf *conf, struct err *err)
{
    struct local_bus *b;

    if (!conf->dir || !conf->dir[0]) {
        err_set(err, ERR_INVALID, "the local bus needs a folder for its files");
        return NULL;
    }
    if (make_dir(conf->dir, err) < 0 || check_dir(conf->dir, err) < 0)
        return NULL;
    b = calloc(1, sizeof *b);
    if (b) {
        b->base.ops = &local_ops;
        (void)pthread_mutex_init(&b->lock, NULL);
        b->dir = strdup(conf->dir);
        b->writers = map_new();
        b->checkpointer = local_checkpointer_new();
        b->maintainer = local_maintainer_new();
        if (b->dir && b->writers && b->checkpointer && b->maintainer)
            return &b->base;
        local_free(&b->base);
    }
    err_set_nomem(err, "the bus");
    return NULL;
}
