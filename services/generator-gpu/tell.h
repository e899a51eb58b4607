/* tell.h - what becomes of a job, published: garden.generation.events and dead letters. */
#ifndef SERVICES_GENERATOR_GPU_TELL_H
#define SERVICES_GENERATOR_GPU_TELL_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/bus/bus.h"
#include "proto/generation_event.h"
#include "services/common/trouble.h"
#include "services/generator-gpu/job.h"

enum { TELL_EVENTS = 3 }; /* at most, at once */

struct teller {
    struct bus *bus;
    struct trouble *trouble;
};

/* Publishes the job's events, in order. Their job_id and timestamp are filled in here. */
int tell(const struct teller *teller, const struct job *job, struct generation_event *events,
         size_t count, int timeout_ms, struct err *err);

/* tell until it is done. ERR_UNAVAILABLE where the service is stopping before that; another
 * error means that the events themselves are wrong. */
int tell_surely(const struct teller *teller, const struct job *job,
                struct generation_event *events, size_t count, struct err *err);

/* Sends the record to garden.dead-letters, likewise. */
int tell_dead(const struct teller *teller, const struct bus_record *record, const char *reason,
              struct err *err);

/* The same for the record that the job came from. Where it is gone from the topic meanwhile,
 * nothing is sent. */
int tell_dead_job(const struct teller *teller, const struct job *job, const char *reason,
                  struct err *err);

#endif
