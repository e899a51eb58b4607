/* plays_read.c - garden.plays read backwards, a piece at a time, until there is enough or it is
 * too old.
 *
 * A record is written after the plays it tells of, at most LATE_MS unless a screen was cut off
 * for longer than that: so where the reading starts and ends follows from the records' own
 * times, which grow with their offsets. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"
#include "proto/play_event.h"
#include "proto/topics.h"
#include "services/display-feed/plays.h"

enum {
    PARTITIONS = 64,
    PIECE = 500,
    MOST_RECORDS = 100000, /* that one question may read */
    LATE_MS = 24 * 3600 * 1000,
    ASK_MS = 4000,
    NAME = 256,
};

struct line {
    int64_t from_ms;
    char *json;
};

struct reading {
    const struct plays_query *query;
    struct map *seen; /* plays that were told twice are one */
    struct line *lines;
    size_t count, room, read;
    int64_t oldest_ms; /* of the records of the piece */
    bool more;
    struct buf storage;
};

/* -- one record -- */

static bool is_new(struct reading *reading, const struct play_event *event,
                   const struct play *play)
{
    char name[NAME];
    const int size = snprintf(name, sizeof name, "%s/%s/%lld/%lld", event->zone, event->screen,
                              (long long)event->slot, (long long)play->from_ms);

    if (map_get(reading->seen, name, (size_t)size))
        return false;
    return map_put(reading->seen, name, (size_t)size, reading) == 0;
}

static int add_line(struct reading *reading, const struct play_event *event,
                    const struct play *play, struct err *err)
{
    const char orientation[2] = {event->orientation, '\0'};
    struct buf out = {0};

    if (reading->count == reading->room) {
        const size_t room = reading->room ? reading->room * 2 : 64;
        struct line *lines = realloc(reading->lines, room * sizeof *lines);

        if (!lines)
            return err_set_nomem(err, "the plays");
        reading->lines = lines;
        reading->room = room;
    }
    json_write_open(&out, '{');
    json_put_str(&out, "zone", event->zone);
    json_put_str(&out, "screen", event->screen);
    json_put_int(&out, "slot", event->slot);
    json_put_str(&out, "orientation", orientation);
    json_put_str(&out, "key", play->key);
    json_put_str(&out, "sha256", play->sha256);
    json_put_int(&out, "from", play->from_ms);
    json_put_int(&out, "to", play->to_ms);
    json_put_int(&out, "told", event->timestamp_ms);
    json_write_close(&out, '}');
    if (!buf_ok(&out)) {
        buf_done(&out);
        return err_set_nomem(err, "the plays");
    }
    reading->lines[reading->count++] = (struct line){play->from_ms, buf_take(&out)};
    return 0;
}

/* One that cannot be read is left out. */
static int take(void *ctx, const struct bus_record *record, struct err *err)
{
    struct reading *reading = ctx;
    const struct plays_query *query = reading->query;
    struct play_event event;
    struct err bad = {0};

    reading->read++;
    if (record->timestamp_ms < reading->oldest_ms)
        reading->oldest_ms = record->timestamp_ms;
    if (!record->value ||
        (query->zone && (record->key_size != strlen(query->zone) ||
                         memcmp(record->key, query->zone, record->key_size) != 0)))
        return 0;
    if (play_event_decode(record->value, record->value_size, &event, &reading->storage, &bad) <
        0)
        return 0;
    for (size_t i = 0; i < event.play_count; i++) {
        const struct play *play = &event.plays[i];

        if (play->from_ms < query->to_ms && play->to_ms >= query->from_ms &&
            is_new(reading, &event, play) && add_line(reading, &event, play, err) < 0)
            return err->code;
    }
    return 0;
}

/* -- one partition -- */

static int note_time(void *ctx, const struct bus_record *record, struct err *err)
{
    int64_t *time_ms = ctx;

    (void)err;
    *time_ms = record->timestamp_ms;
    return 0;
}

/* The first offset whose record was written after time_ms. */
static int find_end(struct bus *bus, const struct bus_partition_info *info, int64_t time_ms,
                    int64_t *ret_end, struct err *err)
{
    int64_t low = info->low, high = info->high;

    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        int64_t at_ms = INT64_MAX;

        if (bus_read(bus, TOPIC_PLAYS, info->partition, middle, 1, note_time, &at_ms, err) < 0)
            return err->code;
        if (at_ms > time_ms)
            high = middle;
        else
            low = middle + 1;
    }
    *ret_end = low;
    return 0;
}

static int read_partition(struct bus *bus, const struct bus_partition_info *info,
                          struct reading *reading, struct err *err)
{
    const size_t before = reading->count;
    int64_t end = info->high;

    if (reading->query->to_ms < INT64_MAX - LATE_MS &&
        find_end(bus, info, reading->query->to_ms + LATE_MS, &end, err) < 0)
        return err->code;
    while (end > info->low) {
        const int64_t start = end - PIECE > info->low ? end - PIECE : info->low;

        if (reading->count - before > reading->query->limit || reading->read > MOST_RECORDS) {
            reading->more = true;
            return 0;
        }
        reading->oldest_ms = INT64_MAX;
        if (bus_read(bus, TOPIC_PLAYS, info->partition, start, (size_t)(end - start), take,
                     reading, err) < 0)
            return err->code;
        if (reading->oldest_ms < reading->query->from_ms)
            return 0;
        end = start;
    }
    return 0;
}

/* -- all -- */

static int newest_first(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    if (x->from_ms != y->from_ms)
        return x->from_ms > y->from_ms ? -1 : 1;
    return strcmp(x->json, y->json);
}

static void write_lines(struct reading *reading, struct buf *out)
{
    if (reading->count > 1)
        qsort(reading->lines, reading->count, sizeof *reading->lines, newest_first);
    json_write_open(out, '{');
    json_write_name(out, "plays");
    json_write_open(out, '[');
    for (size_t i = 0; i < reading->count && i < reading->query->limit; i++)
        json_write_raw(out, reading->lines[i].json, strlen(reading->lines[i].json));
    json_write_close(out, ']');
    json_put_bool(out, "more", reading->more || reading->count > reading->query->limit);
    json_write_close(out, '}');
}

int plays_read(struct bus *bus, const struct plays_query *query, struct buf *out,
               struct err *err)
{
    struct bus_partition_info infos[PARTITIONS];
    struct reading reading = {.query = query, .seen = map_new()};
    int count = bus_topic_info(bus, TOPIC_PLAYS, infos, PARTITIONS, ASK_MS, err);

    if (!reading.seen && count >= 0)
        (void)err_set_nomem(err, "the plays");
    for (int i = 0; i < count && i < PARTITIONS && err->code == 0; i++)
        (void)read_partition(bus, &infos[i], &reading, err);
    if (err->code == 0)
        write_lines(&reading, out);
    for (size_t i = 0; i < reading.count; i++)
        free(reading.lines[i].json);
    free(reading.lines);
    map_free(reading.seen);
    buf_done(&reading.storage);
    return err->code;
}
