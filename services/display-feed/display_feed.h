/* display_feed.h - the service put together: the view of garden.displays, writers, HTTP. */
#ifndef SERVICES_DISPLAY_FEED_DISPLAY_FEED_H
#define SERVICES_DISPLAY_FEED_DISPLAY_FEED_H

#include "services/display-feed/display_feed_conf.h"

/* Runs until stopping(). */
int display_feed_run(const struct display_feed_conf *conf, struct err *err);

/* The same in parts. NULL where it cannot listen; answers from then on, and tries to reach bus
 * and store meanwhile, until stopping(). */
struct display_feed;
struct display_feed *display_feed_start(const struct display_feed_conf *conf, struct err *err);
int display_feed_port(const struct display_feed *feed);
void display_feed_free(struct display_feed *feed);
DEFINE_OWNED(display_feed)

#endif
