/* routes.h - the table of routes: the one place that says what the gateway answers to, for
 * whom, and within which limits. docs/security.md shows the same table. */
#ifndef GATEWAY_ROUTES_H
#define GATEWAY_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/gateway.h"

/* Makes the reply, or sees to it that somebody will and sets reply->later. */
typedef void route_handler(struct gateway *gateway, struct http_request *request,
                           struct reply *reply);

/* Tries to make the reply on the event loop, without waiting for anything. False: it takes a
 * worker, and nothing was done. */
typedef bool route_attempt(struct gateway *gateway, struct http_request *request,
                           struct reply *reply);

enum route_place {
    ON_LOOP,         /* never waits */
    ON_QUICK_WORKER, /* short, but may wait for an engine or the disk */
    ON_SLOW_WORKER,  /* long or heavy */
    PASSED_ON,       /* by another service: forward.h */
    RELAYED,         /* by another service, which takes its time or much room: relay.h */
};

/* Who answers what is passed on. */
enum service {
    SERVICE_INGEST,
    SERVICE_EMOTION,
    SERVICE_RECOMMENDER,
    SERVICE_EXPORTER,
    SERVICE_DISPLAYS,
    SERVICE_COUNT
};

struct route {
    const char *method;
    const char *pattern; /* a path; a '*' stands for one or more characters, also '/', which may
                            be in an id where it is sent as %2F */
    unsigned roles;      /* who may: enum role, ored; 0: everybody */
    enum route_place place;
    route_handler *handle;  /* NULL where it is passed on */
    route_attempt *attempt; /* tried first; may be NULL */
    bool large_body;        /* up to GARDEN_MAX_UPLOAD_MB */
    bool no_replay; /* no answer is stored under an Idempotency-Key: it holds a secret, or the
                       handler sees to the key itself */
    bool face;      /* the body is a picture of a visitor: up to GARDEN_MAX_FACE_MB, kept
                       nowhere */
    bool streams;   /* relayed: the answer is a stream of events */
    enum service service; /* of what is passed on */
    const char *upstream; /* the path there; NULL: the same, with the query */
};

extern const struct route routes[];
extern const size_t route_count;

/* The route, or NULL. Then *ret_other is a route of the same path for another method, or NULL.
 * HEAD is answered by GET's route. */
const struct route *route_find(const char *method, const char *path,
                               const struct route **ret_other);

/* True where the pattern fits the path. */
bool route_fits(const char *pattern, const char *path);

#endif
