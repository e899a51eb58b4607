/* health.h - asks every part that the gateway needs whether it is well, and counts pictures.
 * Blocks as long as the engines' own limits allow. */
#ifndef GATEWAY_HEALTH_H
#define GATEWAY_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/gateway.h"
#include "proto/key.h"

enum health_part {
    HEALTH_BUS,
    HEALTH_STORE,
    HEALTH_CATALOG,
    HEALTH_INGEST,
    HEALTH_GENERATOR,
    HEALTH_EMOTION,
    HEALTH_RECOMMENDER,
    HEALTH_EXPORTER,
    HEALTH_DISPLAYS,
    HEALTH_PARTS
};

struct health {
    struct {
        bool up;
        char reason[200]; /* "" while up */
        bool unused;      /* it was not configured, and is not needed then */
    } parts[HEALTH_PARTS];
    bool ready;                      /* all that are used are up */
    uint64_t live[2][EMOTION_COUNT]; /* pictures, by enum catalog_area and emotion */
    int64_t lag;     /* events of garden.objects not catalogued yet; -1: not known */
    int64_t wall_ms; /* when it was asked */
};

/* As it is called outside: "bus", "store", "catalogue", "item-ingest",
 * "generator", "emotion", "recommender", "csv-exporter", "display-feed". */
const char *health_part_name(enum health_part part);

/* False where it was not configured: the garden goes without it. */
bool health_part_used(const struct settings *settings, enum health_part part);

/* 0 where the generator is configured and ready; says what to do otherwise. Blocks at most a
 * second. */
int health_ask_generator(const struct settings *settings, struct err *err);

void health_check(struct gateway *gateway, struct health *ret_health);

#endif
