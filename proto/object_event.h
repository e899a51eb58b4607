/* object_event.h - garden.objects: S3 event notifications.
 *
 * Read: what MinIO, Ceph RGW, AWS S3 and versitygw publish - "Records" with one or several
 * records, keys URL-encoded with '+' for a space, MinIO's outer EventName and Key, event names
 * with or without "s3:", "s3:TestEvent" (no record in it).
 * Written: the same format, as our own writers use it. Ours carry what was measured at writing
 * in s3.object.userMetadata, as MinIO does for x-amz-meta-garden-*, so that the consumer need
 * not fetch the picture again. */
#ifndef PROTO_OBJECT_EVENT_H
#define PROTO_OBJECT_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/crypto/crypto.h"
#include "proto/key.h"

enum object_change {
    OBJECT_CREATED, /* ObjectCreated:*, ObjectRestore:Completed */
    OBJECT_REMOVED, /* ObjectRemoved:*, LifecycleExpiration:* */
    OBJECT_CLEARED, /* garden:IndexCleared - ours: the item leaves the catalogue, the object
                       stays */
    OBJECT_OTHER,   /* any other event (tags, access control, replication): no effect here */
};

enum { OBJECT_SEQUENCER = 64 };

struct object_event {
    enum object_change change;
    char bucket[64];
    char key[KEY_BYTES]; /* decoded */
    int64_t event_time_ms;
    char sequencer[OBJECT_SEQUENCER]; /* normalised by object_sequencer, "" where there is none
                                       */
    uint64_t size_bytes;
    char etag[80];
    char sha256[SHA256_HEX]; /* from userMetadata, "" where there is none */
    uint32_t width, height;  /* from userMetadata, 0 where there is none */
    char control[KEY_BYTES]; /* from userMetadata, "" where there is none */
};

/* Calls fn for each record of the notification, borrowed for the call; stops when fn returns
 * < 0, which is returned. ERR_INVALID says what is wrong with which record (fn may have been
 * called for those before it; decode into a list first where that matters). */
int object_event_decode(const void *bytes, size_t size,
                        int (*fn)(void *ctx, const struct object_event *event, struct err *err),
                        void *ctx, struct err *err);

/* Appends a notification with one record, of our own format. change is not OBJECT_OTHER. */
int object_event_encode(struct buf *out, const struct object_event *event, struct err *err);

/* Writes the normal form of a sequencer: upper-case hex without trailing zeros, so that plain
 * strcmp orders as AWS says ("right pad the shorter value with zeros, then compare
 * lexicographically"). ERR_INVALID for no hex or for more than 63 digits. */
int object_sequencer(const char *text, char ret_sequencer[OBJECT_SEQUENCER], struct err *err);

/* A sequencer of our own: the time in nanoseconds as 16 hex digits, normalised; within this
 * process each is larger than the one before. */
void object_sequencer_now(char ret_sequencer[OBJECT_SEQUENCER]);

/* < 0: a is older than b; > 0: newer; 0: cannot be told (or the same event). By sequencer where
 * both have one, else by event time. */
int object_event_order(const char *sequencer_a, int64_t time_ms_a, const char *sequencer_b,
                       int64_t time_ms_b);

#endif
