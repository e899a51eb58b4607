/* snapshot_local.h - the format of the file, for snapshot_*.c only.
 *
 * A head, then sections of plain bytes one after the other, then a sum over all of them. */
#ifndef SERVICES_RECOMMENDER_PROXY_SNAPSHOT_LOCAL_H
#define SERVICES_RECOMMENDER_PROXY_SNAPSHOT_LOCAL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "services/recommender-proxy/rec_local_parts.h"

#define SNAPSHOT_MAGIC UINT64_C(0x31304e4544524147)

enum { SNAPSHOT_VERSION = 5, SNAPSHOT_AT_ONCE = 5000 /* rows under one lock */ };

struct snapshot_head {
    uint64_t magic;
    uint32_t version;
    uint32_t item_bytes, visitor_bytes, mark_bytes, shelf_bytes; /* of the structs */
    uint32_t items, visitors;
    int32_t factors, als_factors; /* als_factors 0: there is no als */
    uint32_t cols;                /* of als */
    uint64_t model_id;
    uint64_t unlearnt; /* changes that the model does not know of */
    int64_t newest_ms;
    struct rec_als_conf als;   /* the settings; go_on and ctx NULL */
    struct rec_als_conf model; /* what als was made with */
    struct weights weights[2];
};

/* A sum that any changed, missing or exchanged byte changes. */
static inline uint64_t snapshot_sum(uint64_t sum, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    for (; size >= 8; at += 8, size -= 8) {
        uint64_t word;

        memcpy(&word, at, 8);
        sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 29;
    }
    for (; size > 0; at++, size--)
        sum = (sum ^ *at) * UINT64_C(0x100000001b3);
    return sum;
}

#endif
