/* snapshot_write.c - see snapshot.h. The lock is held a while at a time, and never while the
 * disk is waited for. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "services/recommender-proxy/snapshot.h"
#include "services/recommender-proxy/snapshot_local.h"

struct writer {
    FILE *file;
    struct buf part; /* collected under the lock */
    uint64_t sum;
    bool failed;
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
    writer->sum = snapshot_sum(writer->sum, bytes, size);
    writer->failed = writer->failed || fwrite(bytes, 1, size, writer->file) != size;
}

/* Parts are padded to eight bytes, which keeps what follows aligned. */
static void flush(struct writer *writer)
{
    static const char zeros[8];

    buf_append(&writer->part, zeros, (8 - writer->part.size % 8) % 8);
    writer->failed = writer->failed || !buf_ok(&writer->part);
    put(writer, writer->part.data, writer->part.size);
    buf_clear(&writer->part);
}

static void add_text(struct buf *out, const char *text)
{
    buf_append(out, text, strlen(text) + 1);
}

static void add_item(struct buf *out, const struct facts *facts, uint32_t i)
{
    buf_append(out, &facts->items[i], sizeof *facts->items);
    add_text(out, intern_text(facts->item_ids, i));
}

static void add_visitor(struct buf *out, const struct facts *facts, uint32_t i)
{
    struct facts_visitor visitor = facts->visitors[i];
    const struct mark *marks = visitor.marks.marks;

    visitor.marks.marks = NULL; /* an address is nobody's business */
    buf_append(out, &visitor, sizeof visitor);
    buf_append(out, marks, visitor.marks.count * sizeof *marks);
    add_text(out, intern_text(facts->visitor_ids, i));
}

static void put_rows(struct writer *writer, struct rec_local *local, uint32_t count,
                     void (*add)(struct buf *out, const struct facts *facts, uint32_t i))
{
    for (uint32_t i = 0; i < count;) {
        (void)pthread_rwlock_rdlock(&local->lock);
        for (uint32_t end = i + SNAPSHOT_AT_ONCE; i < end && i < count; i++)
            add(&writer->part, &local->facts, i);
        (void)pthread_rwlock_unlock(&local->lock);
        flush(writer);
    }
}

static void put_shelf(struct writer *writer, struct rec_local *local, int emotion)
{
    const struct shelf *shelf = &local->model->shelves[emotion];
    const size_t factors = (size_t)shelf->factors;

    (void)pthread_rwlock_rdlock(&local->lock);
    buf_append(&writer->part, &shelf->count, sizeof shelf->count);
    buf_append(&writer->part, shelf->items, shelf->count * sizeof *shelf->items);
    buf_append(&writer->part, shelf->vectors, shelf->count * factors * sizeof *shelf->vectors);
    (void)pthread_rwlock_unlock(&local->lock);
    flush(writer);
}

static void put_model(struct writer *writer, struct rec_local *local)
{
    const struct model *model = local->model; /* only training puts another in place */
    const size_t factors = (size_t)model->factors;
    const size_t moods = EMOTION_COUNT * factors * sizeof(float);

    buf_append(&writer->part, model->rates.mood, sizeof model->rates.mood);
    buf_append(&writer->part, model->rates.kind, sizeof model->rates.kind);
    buf_append(&writer->part, model->rates.group_kind, sizeof model->rates.group_kind);
    buf_append(&writer->part, model->crowd.means, moods * GENERATIONS * GENDERS);
    buf_append(&writer->part, model->kinds.moods, moods);
    buf_append(&writer->part, model->kinds.traits, moods * TRAITS * TRAIT_VALUES);
    flush(writer);
    for (int emotion = 0; emotion < EMOTION_COUNT; emotion++)
        put_shelf(writer, local, emotion);
    if (model->als)
        put(writer, rec_als_items(model->als),
            rec_als_item_count(model->als) * factors * sizeof(float));
}

static struct snapshot_head head_of(struct rec_local *local)
{
    struct snapshot_head head;

    memset(&head, 0, sizeof head); /* its padding is written, too */
    (void)pthread_rwlock_rdlock(&local->lock);
    head.magic = SNAPSHOT_MAGIC;
    head.version = SNAPSHOT_VERSION;
    head.item_bytes = sizeof(struct facts_item);
    head.visitor_bytes = sizeof(struct facts_visitor);
    head.mark_bytes = sizeof(struct mark);
    head.shelf_bytes = sizeof(struct shelf_item);
    head.items = intern_count(local->facts.item_ids);
    head.visitors = intern_count(local->facts.visitor_ids);
    head.factors = local->model->factors;
    head.als_factors = local->model->als ? local->model->factors : 0;
    head.cols = local->model->als ? rec_als_item_count(local->model->als) : 0;
    head.model_id = local->model->id;
    head.unlearnt = local->facts.changes - atomic_load(&local->learnt);
    head.newest_ms = local->model->newest_ms;
    head.als = local->conf.als;
    head.als.go_on = NULL;
    head.als.ctx = NULL;
    head.model = local->model->als_conf;
    memcpy(head.weights, local->model->weights, sizeof head.weights);
    (void)pthread_rwlock_unlock(&local->lock);
    return head;
}

static int write_all(struct writer *writer, struct rec_local *local, const char *path,
                     const struct follow_offsets *offsets, struct err *err)
{
    const struct snapshot_head head = head_of(local);
    uint64_t sum;

    put(writer, &head, sizeof head);
    put(writer, offsets, INTAKE_TOPICS * sizeof *offsets);
    put_rows(writer, local, head.items, add_item);
    put_rows(writer, local, head.visitors, add_visitor);
    put_model(writer, local);
    sum = writer->sum;
    put(writer, &sum, sizeof sum);
    if (writer->failed || fflush(writer->file) != 0 || fsync(fileno(writer->file)) != 0)
        return err_set(err, ERR_IO, "writing %s: %s: is the disk full?", path, strerror(errno));
    return 0;
}

/* Several processes on one folder keep one snapshot: who comes while another writes leaves it.
 * NULL with err not set: it is being written. */
static FILE *open_temporary(const char *path, struct err *err)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    struct stat held, there;
    FILE *file;

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        (void)close(fd);
        return NULL;
    }
    if (fd >= 0 && fstat(fd, &held) == 0 &&
        (stat(path, &there) != 0 || held.st_ino != there.st_ino)) {
        (void)close(fd); /* it was put in place a moment ago */
        return NULL;
    }
    file = fd >= 0 && ftruncate(fd, 0) == 0 ? fdopen(fd, "wb") : NULL;
    if (file)
        return file;
    (void)err_set(err, ERR_IO, "making %s: %s", path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return NULL;
}

int rec_snapshot_write(struct rec_local *local, const char *path,
                       const struct follow_offsets offsets[INTAKE_TOPICS], struct err *err)
{
    struct writer writer = {0};
    char temporary[PATH_MAX];
    int r;

    (void)snprintf(temporary, sizeof temporary, "%s.new", path);
    if (file_make_folders(path, err) < 0)
        return err->code;
    writer.file = open_temporary(temporary, err);
    if (!writer.file)
        return err->code;
    r = write_all(&writer, local, temporary, offsets, err);
    if (r == 0 && rename(temporary, path) != 0)
        r = err_set(err, ERR_IO, "renaming %s: %s", temporary, strerror(errno));
    if (r < 0)
        (void)unlink(temporary);
    (void)fclose(writer.file); /* lets go of the lock */
    buf_done(&writer.part);
    return r;
}
