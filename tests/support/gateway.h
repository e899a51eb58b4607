/* gateway.h - the gateway under test, alone: the real program on a folder and a port of its
 * own, and a catalogue that the test fills as item-ingest would. */
#ifndef TESTS_SUPPORT_GATEWAY_H
#define TESTS_SUPPORT_GATEWAY_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/http/client.h"
#include "services/common/garden_conf.h"

struct door {
    const char *data; /* its folder */
    char url[64];     /* "http://127.0.0.1:port" */
    char operator_key[96], kiosk_key[96], display_key[96];
    pid_t pid;
    struct garden_conf conf;  /* to open the same engines */
    struct http_client *http; /* one thread */
    char headers[256];        /* of the last door_ask: values found by door_header */
    struct http_client_response last;
};

/* Starts it with these settings ("NAME=value", up to NULL; may be NULL) on top, and waits until
 * it answers. */
void door_start(struct door *door, const char *const *settings);

/* Ends it as door_stop does and starts it again at the same address. */
void door_restart(struct door *door, const char *const *settings);

/* As SIGTERM ends it; fails the test where its status is not 0. */
void door_stop(struct door *door);

/* What a request is made of; zeroes are fine. */
struct door_request {
    const char *method; /* NULL: GET */
    const char *path;
    const char *key;      /* sent as Bearer; NULL: none */
    const char *header;   /* one more "Name: value"; NULL: none */
    const char *header_2; /* and another */
    const void *body;
    size_t size; /* 0: strlen(body) */
};

/* Asks and returns the status; the answer is in door->last until the next. */
int door_ask(struct door *door, const struct door_request *request);

/* The body of the last answer, as text. */
const char *door_body(const struct door *door);

/* The value of a header (lower case) of the last answer; "" where there is none. */
const char *door_header(struct door *door, const char *name);

/* Waits until /metrics has this text; client (may be NULL) goes on meanwhile. */
void door_wait_metric(struct door *door, struct http_client *client, const char *text);

/* Puts a picture's row into the catalogue. */
void door_catalogue(struct door *door, const char *key);

#define PICTURE_H "tests/golden/pictures/img_20260504-090800_0h.jpeg"
#define PICTURE_V "tests/golden/pictures/img_20260504-090800_0v.jpeg"

#endif
