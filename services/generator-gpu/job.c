/* job.c - see job.h. */
#include "services/generator-gpu/job.h"

#include <stdlib.h>

#include "proto/envelope.h"

struct job *job_new(const struct bus_record *record, struct err *err)
{
    struct job *job = calloc(1, sizeof *job);

    if (!job) {
        err_set_nomem(err, "a job");
        return NULL;
    }
    job->partition = record->partition;
    job->offset = record->offset;
    envelope_trace(record, &job->trace);
    if (!record->value)
        (void)err_set(err, ERR_INVALID, "the record has no value");
    else
        (void)generation_request_decode(record->value, record->value_size, &job->request,
                                        &job->storage, err);
    if (err->code == 0)
        return job;
    job_free(job);
    return NULL;
}

void job_free(struct job *job)
{
    if (!job)
        return;
    buf_done(&job->storage);
    free(job);
}

bool job_expired(const struct job *job, int64_t wall_ms)
{
    return job->request.deadline_ms > 0 && wall_ms >= job->request.deadline_ms;
}
