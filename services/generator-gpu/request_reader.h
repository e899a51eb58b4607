/* request_reader.h - follows garden.generation.requests as a member of the group: fills the
 * queue, commits what is finished, ends what waits longer than its deadline. A thread of its
 * own, so that a job of minutes does not cost the membership. */
#ifndef SERVICES_GENERATOR_GPU_REQUEST_READER_H
#define SERVICES_GENERATOR_GPU_REQUEST_READER_H

#include "services/generator-gpu/worker.h"

struct request_reader_conf { /* borrowed */
    struct bus *bus;
    const char *group;
    struct queue *queue;
    const struct worker_conf *worker; /* for worker_expire */
    struct trouble *trouble;
};

struct request_reader;

struct request_reader *request_reader_start(const struct request_reader_conf *conf,
                                            struct err *err);

/* True once the group was joined. */
bool request_reader_joined(struct request_reader *reader);

/* Commits what is finished and leaves the group, so that others take over at once. */
void request_reader_stop(struct request_reader *reader);
void request_reader_free(struct request_reader *reader);
DEFINE_OWNED(request_reader)

#endif
