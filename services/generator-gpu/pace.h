/* pace.h - how long a step takes, by size, and so how long jobs will take. Thread-safe. */
#ifndef SERVICES_GENERATOR_GPU_PACE_H
#define SERVICES_GENERATOR_GPU_PACE_H

#include <pthread.h>
#include <stdint.h>

#include "lib/metrics/metrics.h"

enum { PACE_SIZES = 32 };

struct pace {
    pthread_mutex_t lock;
    struct pace_size {
        uint32_t width, height;
        double seconds; /* a moving average */
        struct metric *metric;
    } sizes[PACE_SIZES];
    int count;
    double per_pixel; /* of all sizes, for those that were not drawn yet */
};

#define PACE_NONE                         \
    {                                     \
        .lock = PTHREAD_MUTEX_INITIALIZER \
    }

/* A step of this size took so long. */
void pace_note(struct pace *pace, uint32_t width, uint32_t height, double seconds);

/* What one will take; 0 where none was drawn yet. */
double pace_of(struct pace *pace, uint32_t width, uint32_t height);

#endif
