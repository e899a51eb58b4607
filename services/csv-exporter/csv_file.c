/* csv_file.c - see csv_file.h. Two buffers go round: one is filled while the other is written.
 */
#include "services/csv-exporter/csv_file.h"

#include <stdlib.h>
#include <unistd.h>

#include "lib/base/spool.h"

enum { WRITE_BYTES = 256 << 10 };

struct csv_writer {
    int fd;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of the next four */
    pthread_cond_t change;
    struct buf full; /* the thread's while it is not empty */
    bool ending;
    struct err err;         /* the first failure; what comes after it is thrown away */
    struct sha256_sum *sum; /* these two are the thread's, until it was joined */
    uint64_t size;
};

static void write_full(struct csv_writer *writer, struct err *err)
{
    sha256_sum_add(writer->sum, writer->full.data, writer->full.size);
    if (spool_write(writer->fd, writer->size, writer->full.data, writer->full.size, err) == 0)
        writer->size += writer->full.size;
}

static void *write_all(void *arg)
{
    struct csv_writer *writer = arg;

    (void)pthread_setname_np(pthread_self(), "csv");
    (void)pthread_mutex_lock(&writer->lock);
    while (writer->full.size > 0 || !writer->ending) {
        struct err err = writer->err;

        if (writer->full.size == 0) {
            (void)pthread_cond_wait(&writer->change, &writer->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&writer->lock);
        if (err.code == 0)
            write_full(writer, &err);
        (void)pthread_mutex_lock(&writer->lock);
        writer->err = err;
        buf_clear(&writer->full);
        (void)pthread_cond_broadcast(&writer->change);
    }
    (void)pthread_mutex_unlock(&writer->lock);
    return NULL;
}

/* Once the writer is done with what it has. Its failure is told here, some rows late. */
static int hand_over(struct csv_file *file, struct err *err)
{
    struct csv_writer *writer = file->writer;
    struct buf empty;

    if (!buf_ok(&file->waiting))
        return err_set_nomem(err, "a file's rows");
    (void)pthread_mutex_lock(&writer->lock);
    while (writer->full.size > 0)
        (void)pthread_cond_wait(&writer->change, &writer->lock);
    empty = writer->full;
    writer->full = file->waiting;
    file->waiting = empty;
    if (writer->err.code)
        (void)err_set(err, writer->err.code, "%s", writer->err.text);
    (void)pthread_cond_broadcast(&writer->change);
    (void)pthread_mutex_unlock(&writer->lock);
    return err->code;
}

static void join(struct csv_writer *writer)
{
    (void)pthread_mutex_lock(&writer->lock);
    writer->ending = true;
    (void)pthread_cond_broadcast(&writer->change);
    (void)pthread_mutex_unlock(&writer->lock);
    if (writer->started)
        (void)pthread_join(writer->thread, NULL);
    writer->started = false;
}

int csv_file_begin(struct csv_file *file, enum dataset_kind kind, const char *dir,
                   struct err *err)
{
    struct csv_writer *writer = calloc(1, sizeof *writer);

    *file = (struct csv_file){.kind = kind, .writer = writer};
    if (!writer)
        return err_set_nomem(err, "a file's writer");
    (void)pthread_mutex_init(&writer->lock, NULL);
    (void)pthread_cond_init(&writer->change, NULL);
    writer->fd = spool_open(dir, err);
    if (writer->fd < 0)
        return err->code;
    file->fd = writer->fd;
    writer->sum = sha256_sum_new();
    writer->started = pthread_create(&writer->thread, NULL, write_all, writer) == 0;
    if (!writer->started)
        return err_set_nomem(err, "a file's writer");
    dataset_write_header(&file->waiting, kind);
    return 0;
}

int csv_file_add(struct csv_file *file, const void *row, size_t size, struct err *err)
{
    buf_append(&file->waiting, row, size);
    file->rows++;
    return file->waiting.size >= WRITE_BYTES ? hand_over(file, err) : 0;
}

int csv_file_end(struct csv_file *file, struct err *err)
{
    struct csv_writer *writer = file->writer;

    if (hand_over(file, err) < 0)
        return err->code;
    join(writer);
    if (writer->err.code)
        return err_set(err, writer->err.code, "%s", writer->err.text);
    file->size = writer->size;
    sha256_sum_hex(writer->sum, file->sha256);
    return 0;
}

void csv_file_done(struct csv_file *file)
{
    struct csv_writer *writer = file->writer;

    if (writer) {
        join(writer);
        sha256_sum_free(writer->sum);
        buf_done(&writer->full);
        (void)pthread_cond_destroy(&writer->change);
        (void)pthread_mutex_destroy(&writer->lock);
        free(writer);
    }
    if (file->fd > 0)
        (void)close(file->fd);
    buf_done(&file->waiting);
    *file = (struct csv_file){.fd = 0};
}
