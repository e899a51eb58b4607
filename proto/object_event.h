/* object_event.h - garden.objects: S3 event notifications.
 *
 * Read: what MinIO, Ceph RGW, AWS S3 and versitygw publish - "Records" with one or several
 * records, keys URL-encoded with '+' for a space, MinIO's outer EventName and Key, event names
 * with or without "s3:", "s3:TestEvent" (no record in it).
 * Of Ceph's x-amz-meta pairs (s3.object.metadata) the same is read as of MinIO's userMetadata.
 *
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
#include "proto/sequencer.h"

enum object_change {
    OBJECT_CREATED, /* ObjectCreated:*, ObjectRestore:Completed */
    OBJECT_REMOVED, /* ObjectRemoved:*, LifecycleExpiration:* */
    OBJECT_CLEARED, /* garden:IndexCleared - ours: the item leaves the catalogue, the object
                       stays */
    OBJECT_OTHER,   /* any other event (tags, access control, replication): no effect here */
};

struct object_event {
    int64_t event_time_ms; /* 0 where there is none: take the record's own time */
    uint64_t size_bytes;
    enum object_change change;
    uint32_t width, height; /* from userMetadata, 0 where there is none */
    char bucket[64];
    char key[KEY_BYTES];              /* decoded */
    char sequencer[OBJECT_SEQUENCER]; /* normalised by object_sequencer; "" where there is none
                                         that can be compared, see below */
    char etag[80];           /* without quotes; "" where there is none, or a longer one */
    char sha256[SHA256_HEX]; /* from userMetadata, "" where there is none */
    char control[KEY_BYTES]; /* from userMetadata, "" where there is none */
};

/* Two stores publish sequencers that do not order events, and for theirs there is "": Ceph
 * writes the bytes of a time in the machine's order, and versitygw counts from 1 anew each time
 * it starts.
 *
 * A created, removed or cleared object needs eventName, s3.bucket.name and s3.object.key; for
 * OBJECT_OTHER only eventName is. What userMetadata says is a hint: where it makes no sense it
 * is as if it were not there.
 *
 * Calls fn for each record of the notification, borrowed for the call; stops when fn returns
 * < 0, which is returned. ERR_INVALID says what is wrong with which record (fn may have been
 * called for those before it; decode into a list first where that matters). */
int object_event_decode(const void *bytes, size_t size,
                        int (*fn)(void *ctx, const struct object_event *event, struct err *err),
                        void *ctx, struct err *err);

/* Appends a notification with one record, of our own format. change is not OBJECT_OTHER. */
int object_event_encode(struct buf *out, const struct object_event *event, struct err *err);

#endif
