/* remote_job.h - a job of the running garden's generator: asked for, followed to its end, its
 * pictures fetched. */
#ifndef GARDENCTL_REMOTE_JOB_H
#define GARDENCTL_REMOTE_JOB_H

#include <stdint.h>

#include "gardenctl/remote.h"

enum { REMOTE_JOB_ID = 129 };

struct remote_picture {
    const char *key;
    int64_t seed;
    uint32_t output, width, height;
    bool stored; /* it was there already */
};

/* What a follower is told; each may be NULL. Strings live for the call. */
struct remote_job_events {
    void (*on_note)(void *ctx, const char *note);
    void (*on_step)(void *ctx, uint32_t output, uint32_t step, uint32_t steps);
    int (*on_picture)(void *ctx, const struct remote_picture *picture, struct err *err);
    void *ctx;
};

/* Asks for the job that the body (an object of POST /v1/generations) describes. */
int remote_job_ask(struct remote *remote, const struct buf *body, char ret_id[REMOTE_JOB_ID],
                   struct err *err);

/* The same by a body of POST /bulk. ERR_UNAVAILABLE: nobody draws now. */
int remote_job_bulk(struct remote *remote, const struct buf *body, char ret_id[REMOTE_JOB_ID],
                    struct err *err);

/* Follows the job until it is done, through broken connections, too. Once stopping() is true
 * the job is cancelled, and that is a failure, as it is when the job fails. Nothing of remote
 * may be used inside the callbacks. */
int remote_job_follow(struct remote *remote, const char *id,
                      const struct remote_job_events *events, struct err *err);

/* Appends the bytes of the object. */
int remote_fetch(struct remote *remote, const char *key, struct buf *out, struct err *err);

#endif
