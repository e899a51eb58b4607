/* follower.h - a client that follows the events of a job of the generator. */
#ifndef TESTS_SUPPORT_FOLLOWER_H
#define TESTS_SUPPORT_FOLLOWER_H

#include "lib/base/buf.h"
#include "lib/http/sse.h"

struct follower {
    void (*on_event)(void *ctx, const struct sse_event *event); /* may be NULL */
    void *ctx;
    int stop_after; /* hangs up after so many events; 0: at the end */
    struct buf got; /* the types of the events: "started step step image done " */
    char last_id[32];
    int seen;
    struct sse_reader reader;
};

/* Follows the job at this path until its end; returns the status, 0 where it hung up. bearer:
 * the header's line. last_id: what the client says it has; NULL: nothing. */
int follower_run(struct follower *follower, const char *garden_url, const char *bearer,
                 const char *job_path, const char *last_id);
void follower_done(struct follower *follower);

#endif
