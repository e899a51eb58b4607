/* topics.c - see topics.h. */
#include "proto/topics.h"

#define DAYS(n) ((n)*INT64_C(86400000))

/* Partitions are what a group of workers can share, and cannot be made fewer later:
 *   4  the usual: four workers of a kind, each of which does thousands a second
 *   8  generation requests, where a worker is a GPU and a job takes seconds
 *   1  displays, whose offset is the id of a zone's feed; exports and dead letters, which are
 *      rare and are read in order by people */
const struct bus_topic garden_topics[] = {
    {TOPIC_OBJECTS, 4, false, DAYS(7)},
    {TOPIC_GENERATION_REQUESTS, 8, false, DAYS(7)},
    {TOPIC_GENERATION_EVENTS, 4, false, DAYS(7)},
    {TOPIC_ITEMS, 4, true, BUS_KEEP_FOREVER},
    {TOPIC_USERS, 4, true, BUS_KEEP_FOREVER},
    {TOPIC_INTERACTIONS, 4, false, BUS_KEEP_FOREVER},
    {TOPIC_DISPLAYS, 1, true, BUS_KEEP_FOREVER},
    {TOPIC_PLAYS, 4, false, DAYS(30)},
    {TOPIC_EXPORTS, 1, false, DAYS(30)},
    {TOPIC_DEAD_LETTERS, 1, false, DAYS(30)},
};

const size_t garden_topic_count = sizeof garden_topics / sizeof *garden_topics;
