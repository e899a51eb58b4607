/* order.h - pictures that a client asks for, on the way to garden.generation.requests: what is
 * left out gets its default, every job an id, and every picture the key that it goes to. */
#ifndef GATEWAY_ORDER_H
#define GATEWAY_ORDER_H

#include "gateway/drawings.h"
#include "lib/json/json.h"
#include "proto/key.h"

#define ORDER_GUIDANCE 7.5 /* of models that have no opinion: what the demo draws with */

struct order {
    struct generation_request request; /* points into the rest, and into what was read */
    struct generation_output outputs[GENERATION_OUTPUTS_MAX];
    char *keys[GENERATION_OUTPUTS_MAX]; /* owned */
    char id[DRAWING_ID];
    struct buf dedupe_id;
    const char *emotion, *favorite; /* NULL: none */
    enum drawings_join join;
    bool unseen; /* see struct drawings_offer */
};
void order_done(struct order *order);

/* Reads what /v1/generations takes, from an object that has to outlive the order. prompt_name:
 * what the prompt is called there. ERR_INVALID names the member and what it takes. */
int order_read(struct order *order, const struct settings *settings, const json_t *body,
               const char *prompt_name, struct err *err);

/* Gives it its id and the time. With an Idempotency-Key all requests with it are one job;
 * without, each is a job of its own, or with by_content all requests of the same bytes are one.
 * ERR_INVALID for a bad key. */
int order_name(struct order *order, struct http_request *request, bool by_content,
               struct err *err);

/* The same by a dedupe id: orders with the same one are the same job for five minutes, and from
 * the same seed for ever. */
void order_name_by(struct order *order, const char *dedupe_id);

/* Decides where the pictures go: into the pool where there is an emotion, else under
 * text2image/. */
int order_place(struct order *order, struct err *err);

/* One more picture, under this key. */
int order_add(struct order *order, const char *key, uint32_t width, uint32_t height,
              struct err *err);

/* Publishes it, unless it is the same as a job that there is: *ret_joined. Blocks.
 * ERR_UNAVAILABLE where there is nobody to draw it, or no bus. */
int order_send(struct order *order, struct gateway *gateway, struct http_request *request,
               bool *ret_joined, struct err *err);

#endif
