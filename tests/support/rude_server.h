/* rude_server.h - a server that does not keep to the rules: for clients of whom it must be
 * known what they do then. */
#ifndef TESTS_SUPPORT_RUDE_SERVER_H
#define TESTS_SUPPORT_RUDE_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

enum rude_way {
    RUDE_SILENT,    /* takes the request and says nothing */
    RUDE_TRUNCATED, /* closes in the middle of the body */
    RUDE_DRIP,      /* a byte of the body every 20 ms, without end */
    RUDE_ENDLESS,   /* 100 MB of body, as fast as it is taken */
    RUDE_NOT_HTTP,  /* another protocol */
    RUDE_GONE,      /* closes each connection at once */
    RUDE_DEAF,      /* listens and never accepts; its queue is full */
    RUDE_WAYS
};

struct rude_server {
    enum rude_way way;
    int fd, filler[4];
    char base[64]; /* "http://127.0.0.1:1234" */
    pthread_t thread;
    atomic_bool stop;
};

void rude_server_start(struct rude_server *server, enum rude_way way);
void rude_server_done(struct rude_server *server);

#endif
