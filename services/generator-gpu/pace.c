/* pace.c - see pace.h. */
#include "services/generator-gpu/pace.h"

#include <stdio.h>

static const double share = 0.1; /* of the newest step in the average */

static struct pace_size *find(struct pace *pace, uint32_t width, uint32_t height)
{
    for (int i = 0; i < pace->count; i++)
        if (pace->sizes[i].width == width && pace->sizes[i].height == height)
            return &pace->sizes[i];
    return NULL;
}

/* A garden draws few sizes; beyond the table a size has no figure of its own. */
static struct pace_size *find_or_add(struct pace *pace, uint32_t width, uint32_t height,
                                     double seconds)
{
    struct pace_size *size = find(pace, width, height);
    char label[40];

    if (size || pace->count == PACE_SIZES)
        return size;
    (void)snprintf(label, sizeof label, "size=\"%ux%u\"", width, height);
    size = &pace->sizes[pace->count++];
    *size = (struct pace_size){
        width, height, seconds,
        metric_gauge("generator_seconds_per_step", "Time of a step by size, averaged", label)};
    return size;
}

void pace_note(struct pace *pace, uint32_t width, uint32_t height, double seconds)
{
    const double per_pixel = seconds / ((double)width * height);
    struct pace_size *size;

    (void)pthread_mutex_lock(&pace->lock);
    size = find_or_add(pace, width, height, seconds);
    if (size) {
        size->seconds += share * (seconds - size->seconds);
        metric_set(size->metric, size->seconds);
    }
    pace->per_pixel = pace->per_pixel > 0
                          ? pace->per_pixel + share * (per_pixel - pace->per_pixel)
                          : per_pixel;
    (void)pthread_mutex_unlock(&pace->lock);
}

double pace_of(struct pace *pace, uint32_t width, uint32_t height)
{
    const struct pace_size *size;
    double seconds;

    (void)pthread_mutex_lock(&pace->lock);
    size = find(pace, width, height);
    seconds = size ? size->seconds : pace->per_pixel * width * height;
    (void)pthread_mutex_unlock(&pace->lock);
    return seconds;
}
