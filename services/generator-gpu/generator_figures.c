/* generator_figures.c - see generator_figures.h. */
#include "services/generator-gpu/generator_figures.h"

#include <stdio.h>

#define PREFIX "generator_"

static const char *const outcome_names[FIGURE_OUTCOMES] = {
    "done",      "failed",     "cancelled", "expired",   "crashed",
    "duplicate", "given_back", "lost",      "unreadable"};

/* One step takes from a millisecond (a GPU, a tiny model) to a minute. */
static const double step_bounds[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                                     0.5,   1,     2,     5,    10,   20,   60};
static const double draw_bounds[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600};

enum {
    STEP_BOUNDS = sizeof step_bounds / sizeof *step_bounds,
    DRAW_BOUNDS = sizeof draw_bounds / sizeof *draw_bounds,
};

static void init_work(struct generator_figures *f)
{
    char label[64];

    for (int i = 0; i < FIGURE_OUTCOMES; i++) {
        (void)snprintf(label, sizeof label, "outcome=\"%s\"", outcome_names[i]);
        f->jobs[i] = metric_counter(PREFIX "jobs_total", "Jobs by what became of them", label);
    }
    f->drawn = metric_counter(PREFIX "images_total", "Pictures put under the keys of jobs",
                              "from=\"drawn\"");
    f->stored = metric_counter(PREFIX "images_total", "Pictures put under the keys of jobs",
                               "from=\"store\"");
    f->attempts = metric_counter(PREFIX "attempts_total", "Jobs begun", NULL);
    f->steps = metric_counter(PREFIX "steps_total", "Steps drawn", NULL);
    f->dead_letters = metric_counter(PREFIX "dead_letters_total",
                                     "Records sent to garden.dead-letters", NULL);
    f->retries = metric_counter(PREFIX "retries_total",
                                "Calls repeated because store or engine failed", NULL);
    f->step_seconds = metric_histogram(PREFIX "step_seconds", "Time of a step of any size",
                                       NULL, step_bounds, STEP_BOUNDS);
    f->draw_seconds =
        metric_histogram(PREFIX "draw_seconds", "Time of a picture from prompt to pixels", NULL,
                         draw_bounds, DRAW_BOUNDS);
    f->decode_seconds = metric_histogram(PREFIX "decode_seconds", "Time from latents to pixels",
                                         NULL, step_bounds, STEP_BOUNDS);
}

void generator_figures_init(struct generator_figures *f)
{
    init_work(f);
    f->queue_interactive = metric_gauge(PREFIX "queue_jobs", "Jobs that wait, of those read",
                                        "priority=\"interactive\"");
    f->queue_bulk =
        metric_gauge(PREFIX "queue_jobs", "Jobs that wait, of those read", "priority=\"bulk\"");
    f->queue_age =
        metric_gauge(PREFIX "queue_age_seconds", "Age of the oldest job that waits", NULL);
    f->lag =
        metric_gauge(PREFIX "lag_records", "Requests of our partitions not read yet", NULL);
    f->drain = metric_gauge(PREFIX "seconds_to_drain",
                            "Time that this worker needs for all that waits", NULL);
    f->partitions = metric_gauge(PREFIX "partitions", "Partitions assigned", NULL);
    f->step = metric_gauge(PREFIX "step", "Steps done of the picture that is drawn", NULL);
    f->step_of =
        metric_gauge(PREFIX "step_of", "Steps that the picture takes, 0 without", NULL);
}
