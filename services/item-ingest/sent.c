/* sent.c - see sent.h. */
#include "services/item-ingest/sent.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/dead_letter.h"

enum {
    PING_MS = 5000,
    PAGE = 5000,
    DEAD_LETTERS = 20000, /* that are looked back at */
};

struct scan {
    struct hashset *sent;
    int64_t next;
};

static int infos_of(struct bus *bus, enum outbox_topic topic,
                    struct bus_partition_info infos[OUTBOX_PARTITIONS], struct err *err)
{
    int count =
        bus_topic_info(bus, outbox_topic_name(topic), infos, OUTBOX_PARTITIONS, PING_MS, err);

    return count > OUTBOX_PARTITIONS ? OUTBOX_PARTITIONS : count;
}

int sent_marks(struct bus *bus, struct outbox_marks *ret_marks, struct err *err)
{
    struct outbox_marks marks = {0};

    for (int topic = 0; topic < OUTBOX_TOPICS; topic++) {
        struct bus_partition_info infos[OUTBOX_PARTITIONS];
        int count = infos_of(bus, (enum outbox_topic)topic, infos, err);

        if (count < 0)
            return count;
        marks.count[topic] = count;
        for (int i = 0; i < count; i++)
            marks.high[topic][i] = infos[i].high;
    }
    *ret_marks = marks;
    return 0;
}

uint64_t sent_hash(const struct outbox_event *event)
{
    char id[ENVELOPE_ID];

    outbox_event_id(event, id);
    return hash_text(id, strlen(id));
}

static int note_item(void *ctx, const struct bus_record *record, struct err *err)
{
    struct scan *scan = ctx;
    size_t size = 0;
    const char *id = bus_record_header(record, "ce_id", &size);

    scan->next = record->offset + 1;
    return id ? hashset_add(scan->sent, hash_text(id, size), err) : 0;
}

static int note_letter(void *ctx, const struct bus_record *record, struct err *err)
{
    struct scan *scan = ctx;
    struct dead_letter_origin origin;
    struct err unreadable = {0};
    char id[ENVELOPE_ID];
    int size;

    scan->next = record->offset + 1;
    if (dead_letter_read(record, &origin, &unreadable) < 0)
        return 0; /* somebody else's */
    size = snprintf(id, sizeof id, "%.*s/%" PRId32 "/%" PRId64, (int)origin.topic_size,
                    origin.topic, origin.partition, origin.offset);
    return size < (int)sizeof id ? hashset_add(scan->sent, hash_text(id, (size_t)size), err)
                                 : 0;
}

static int scan_partition(struct bus *bus, enum outbox_topic topic, int32_t partition,
                          int64_t from, struct scan *scan, struct err *err)
{
    int read;

    scan->next = from;
    do
        read = bus_read(bus, outbox_topic_name(topic), partition, scan->next, PAGE,
                        topic == OUTBOX_ITEMS ? note_item : note_letter, scan, err);
    while (read == PAGE);
    return read < 0 ? read : 0;
}

int sent_scan(struct bus *bus, const struct outbox_marks *marks, struct hashset *sent,
              struct err *err)
{
    struct scan scan = {.sent = sent};

    for (int topic = 0; topic < OUTBOX_TOPICS; topic++) {
        struct bus_partition_info infos[OUTBOX_PARTITIONS];
        int count = infos_of(bus, (enum outbox_topic)topic, infos, err);

        if (count < 0)
            return count;
        for (int i = 0; i < count; i++) {
            int64_t from = infos[i].low;

            if (i < marks->count[topic] && marks->high[topic][i] > from)
                from = marks->high[topic][i];
            if (from < infos[i].high &&
                scan_partition(bus, (enum outbox_topic)topic, i, from, &scan, err) < 0)
                return err->code;
        }
    }
    return 0;
}

int sent_dead_letters(struct bus *bus, struct hashset *sent, struct err *err)
{
    struct scan scan = {.sent = sent};
    struct bus_partition_info infos[OUTBOX_PARTITIONS];
    int count = infos_of(bus, OUTBOX_DEAD, infos, err);

    for (int i = 0; i < count; i++) {
        int64_t from = infos[i].high - DEAD_LETTERS;

        if (from < infos[i].low)
            from = infos[i].low;
        if (from < infos[i].high && scan_partition(bus, OUTBOX_DEAD, i, from, &scan, err) < 0)
            return err->code;
    }
    return count < 0 ? count : 0;
}
