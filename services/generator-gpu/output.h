/* output.h - one output of a job: found or drawn, put under its key, told. */
#ifndef SERVICES_GENERATOR_GPU_OUTPUT_H
#define SERVICES_GENERATOR_GPU_OUTPUT_H

#include "services/generator-gpu/control.h"
#include "services/generator-gpu/drawer.h"
#include "services/generator-gpu/event_watch.h"
#include "services/generator-gpu/generator_figures.h"
#include "services/generator-gpu/pace.h"
#include "services/generator-gpu/picture.h"
#include "services/generator-gpu/step_feed.h"
#include "services/generator-gpu/tell.h"

struct output_conf { /* all borrowed */
    struct drawer drawer;
    struct picture_conf pictures;
    struct teller *teller;
    struct event_watch *watch; /* what others tell of the job */
    struct step_feed *progress;
    struct control *control;
    struct generator_figures *figures;
    struct pace *pace;
    struct trouble *trouble; /* what keeps the worker waiting */
};

/* Makes output i. again: an earlier attempt may have put it already, without telling; or a
 * worker that lost the job tells of it meanwhile, and it is not told a second time. Returns 0;
 * ERR_UNAVAILABLE where control says not to go on (control_ask); another error where the job
 * fails by it. */
int output_make(const struct output_conf *conf, const struct job *job, uint32_t i, bool again,
                struct err *err);

/* Steps of one output of the job. */
uint32_t output_steps(const struct output_conf *conf, const struct job *job);

/* What the job is drawn with. */
double output_guidance(const struct output_conf *conf, const struct job *job);

/* The size at which output i is drawn, before it is resampled to its own. */
struct engine_size output_drawn(const struct output_conf *conf, const struct job *job,
                                size_t i);

#endif
