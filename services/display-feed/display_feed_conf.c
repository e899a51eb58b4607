/* display_feed_conf.c - see display_feed_conf.h. */
#include "services/display-feed/display_feed_conf.h"

#define FIELD(member) offsetof(struct display_feed_conf, member)

const struct conf_field display_feed_fields[] = {
    {"DISPLAY_FEED_LISTEN", CONF_STRING, "127.0.0.1:8096", FIELD(listen),
     "address that the gateway reaches it by; it has no keys of its own", 0, 0},
    {"DISPLAY_FEED_LOOPS", CONF_INT, "0", FIELD(loops),
     "event loop threads; 0: one for each core, at most 4", 0, 64},
    {"DISPLAY_FEED_CONNECTIONS", CONF_INT, "16384", FIELD(max_connections),
     "open connections at a time; a screen that follows its zone has one", 16, 1000000},
    {"DISPLAY_FEED_ZONES", CONF_INT, "10000", FIELD(max_zones),
     "zones that there may be; more are refused", 1, 1000000},
    {"DISPLAY_FEED_SCREENS", CONF_INT, "20000", FIELD(max_screens),
     "screens that are remembered; past it the one that was away longest is forgotten", 1,
     1000000},
    {"DISPLAY_FEED_FORGET_H", CONF_INT, "168", FIELD(forget_h),
     "hours after which a screen that does not answer any more is forgotten", 1, 8760},
    {"DISPLAY_FEED_LEAD_MS", CONF_INT, "2000", FIELD(lead_ms),
     "how long before its time a change is told, so that all screens have loaded the pictures, "
     "in ms",
     0, 60000},
};
const size_t display_feed_field_count =
    sizeof display_feed_fields / sizeof *display_feed_fields;

int display_feed_conf_load(struct display_feed_conf *conf, struct err *err)
{
    struct display_feed_conf read = {.listen = NULL};
    int r = garden_conf_load(&read.garden, err);

    if (r == 0)
        r = conf_load(&read, display_feed_fields, display_feed_field_count, err);
    if (r == 0)
        *conf = read;
    return r;
}
