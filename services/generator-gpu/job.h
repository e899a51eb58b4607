/* job.h - a request as the worker keeps it: decoded, with where it came from. */
#ifndef SERVICES_GENERATOR_GPU_JOB_H
#define SERVICES_GENERATOR_GPU_JOB_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/owned.h"
#include "lib/bus/bus.h"
#include "lib/trace/trace.h"
#include "proto/generation_request.h"

struct job {
    struct generation_request request; /* points into storage */
    struct buf storage;
    int32_t partition; /* of TOPIC_GENERATION_REQUESTS */
    int64_t offset;
    struct trace trace;
    /* the queue's own */
    struct job *before, *after;
    struct ledger_entry *entry;
    int64_t lost_ms; /* when its partition was taken away; 0: it was not */
};

/* NULL: ERR_INVALID says what is wrong with the record. */
struct job *job_new(const struct bus_record *record, struct err *err);
void job_free(struct job *job);
DEFINE_OWNED(job)

/* Its deadline has come: it may not be begun, nor go on. */
bool job_expired(const struct job *job, int64_t wall_ms);

#endif
