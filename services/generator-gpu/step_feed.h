/* step_feed.h - step events, published beside the drawing, which never waits for them.
 *
 * Of steps that come faster than ten a second only the newest is published, and the last of an
 * output always. Steps are worth nothing later: what cannot be published at once is dropped. */
#ifndef SERVICES_GENERATOR_GPU_STEP_FEED_H
#define SERVICES_GENERATOR_GPU_STEP_FEED_H

#include <stdbool.h>

#include "lib/base/owned.h"
#include "services/generator-gpu/engine.h"
#include "services/generator-gpu/tell.h"

struct step_feed;

struct step_feed *step_feed_start(const struct teller *teller, struct err *err);
void step_feed_free(struct step_feed *progress);
DEFINE_OWNED(step_feed)

/* The following steps are of this output. The job is borrowed until progress_end. */
void step_feed_begin(struct step_feed *progress, const struct job *job, uint32_t output);

/* A step is done. Asks for a preview where the job wants them and it is time for one. */
void step_feed_step(struct step_feed *progress, const struct draw_progress *step);

/* Waits until the last step is published (or dropped). */
void step_feed_end(struct step_feed *progress);

#endif
