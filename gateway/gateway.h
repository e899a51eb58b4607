/* gateway.h - what the handlers share. Made once by gateway_new; the parts are thread-safe. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "gateway/reply.h"
#include "gateway/settings.h"
#include "lib/http/server.h"
#include "services/common/object_writer.h"

struct gateway {
    const struct settings *settings;
    struct store *store;
    struct bus *bus;
    struct handles *catalogs;
    struct object_writer_conf writer;
    struct workers *workers;
    struct access *access;
    struct lru *lists;    /* rendered gardens */
    struct lru *pictures; /* small objects and thumbnails */
    struct thumbs *thumbs;
    struct pages *pages;
    struct watch *watch;
    struct drawings *drawings;      /* the generator's jobs */
    struct drawings_follow *follow; /* keeps them up to date */
    struct forwards *forwards;      /* what other services answer */
    atomic_size_t relays;           /* what they answer over time: relay.h */
    struct meters *meters;
    struct dispatch *dispatch;
};

/* on_loopback: the gateway can be reached from this machine only. */
struct gateway *gateway_new(const struct settings *settings, bool on_loopback, struct err *err);
void gateway_free(struct gateway *gateway);

/* Answers who waits for a picture as things are: before the server is stopped, which would wait
 * for them. */
void gateway_closing(struct gateway *gateway);

/* Ends what works on requests in the background, after they were answered: between stopping
 * the server and freeing it. */
void gateway_stop(struct gateway *gateway);
DEFINE_OWNED(gateway)

/* Adds what every answer carries and sends it; ends the reply. */
void gateway_answer(struct gateway *gateway, struct http_request *request, struct reply *reply);

#endif
