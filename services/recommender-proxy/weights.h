/* weights.h - how much each feature of a picture and a visitor says of a like: a logistic
 * regression.
 *
 * What it learns from are visitors whom nothing else was learnt from, so that features are not
 * believed more than they deserve. Each weight is drawn to a default, which holds where little
 * is known, and none but the base is below zero. */
#ifndef SERVICES_RECOMMENDER_PROXY_WEIGHTS_H
#define SERVICES_RECOMMENDER_PROXY_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

enum feature {
    FEATURE_BASE, /* 1 */
    FEATURE_POPULAR,
    FEATURE_GROUP,
    FEATURE_SEASON, /* of the picture is what the visitor asked for: 0 or 1 */
    FEATURE_WEATHER,
    FEATURE_TIME,
    FEATURE_EXACT, /* the very favourite */
    FEATURE_CROWD, /* the product with the mean of the visitor's kind */
    FEATURE_LIKED, /* the product with the visitor's own factors */
    FEATURE_OWN,   /* seasons, weathers, times and orientations that the visitor likes */
    FEATURE_FRESH, /* from 1, when the picture is new, towards 0 */
    FEATURES,
};

struct weights {
    float of[FEATURES];
};

extern const struct weights weights_default;

struct weights_row {
    float feature[FEATURES];
    float offset; /* log-odds that are added as they are */
    bool liked;
};

/* Newton's method on count rows; with too few of them the default. */
struct weights weights_learn(const struct weights_row *rows, size_t count);

#endif
