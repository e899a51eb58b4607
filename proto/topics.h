/* topics.h - the garden's topics (contract: asyncapi.yaml). */
#ifndef PROTO_TOPICS_H
#define PROTO_TOPICS_H

#include "lib/bus/bus.h"

#define TOPIC_OBJECTS "garden.objects"
#define TOPIC_GENERATION_REQUESTS "garden.generation.requests"
#define TOPIC_GENERATION_EVENTS "garden.generation.events"
#define TOPIC_ITEMS "garden.items"
#define TOPIC_USERS "garden.users"
#define TOPIC_INTERACTIONS "garden.interactions"
#define TOPIC_DISPLAYS "garden.displays"
#define TOPIC_PLAYS "garden.plays"
#define TOPIC_EXPORTS "garden.exports"
#define TOPIC_DEAD_LETTERS "garden.dead-letters"

/* ce_type of what is on them. */
#define EVENT_OBJECT_CHANGED "garden.object.changed"
#define EVENT_ITEM_CHANGED "garden.item.changed"
#define EVENT_USER_CHANGED "garden.user.changed"
#define EVENT_INTERACTION_RECORDED "garden.interaction.recorded"
#define EVENT_EXPORT_PROGRESSED "garden.export.progressed"
#define EVENT_DISPLAY_CHANGED "garden.display.changed"
#define EVENT_DISPLAY_PLAYED "garden.display.played"
#define EVENT_GENERATION_REQUESTED "garden.generation.requested"
#define EVENT_GENERATION_PROGRESSED "garden.generation.progressed"

extern const struct bus_topic garden_topics[];
extern const size_t garden_topic_count;

#endif
