/* up_service.h - a service as gardenctl up sees it: a listening socket that outlives it, a
 * process, its log.
 *
 * The socket is bound before the service is started and handed to it as systemd does
 * (LISTEN_FDS). So a service that dies and is started again refuses no connection: they wait in
 * the socket's queue. */
#ifndef GARDENCTL_UP_SERVICE_H
#define GARDENCTL_UP_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gardenctl/up_log.h"
#include "lib/base/err.h"

struct up_service_spec {
    const char *name;           /* also of the program, which lies beside gardenctl */
    const char *listen_env;     /* its setting for where it listens */
    const char *listen_default; /* port 0: any free one, for those that only we talk to */
    const char *url_env;        /* the setting by which the others find it, or NULL */
    bool is_door;               /* the one that people open */
    /* NULL: it is always started; false: the garden goes without it */
    bool (*wanted)(void);
};

/* In the order in which they are started; they are stopped in the opposite one. */
extern const struct up_service_spec up_services[];
extern const size_t up_service_count;

enum { UP_ADDRESS = 128 };

struct up_service {
    const struct up_service_spec *spec;
    char address[UP_ADDRESS]; /* host:port by which it is reached from here */
    int listen_fd;            /* -1 before it is bound */
    pid_t pid;                /* 0 while it does not run */
    int pid_fd, output_fd;    /* -1 while it does not run */
    int64_t started_ms;       /* clock_mono_ms */
    int64_t start_at_ms;      /* while it does not run: when to start it */
    bool ready, was_ready;
    int deaths; /* in a row, without having been up for long */
    struct up_log log;
};

/* Binds its socket and sets listen_env and url_env in our own environment, which it and the
 * others inherit. ERR_CONFLICT says which setting chooses another port. */
int up_service_bind(struct up_service *service, const struct up_service_spec *spec,
                    struct err *err);

/* Starts program_dir/name. */
int up_service_start(struct up_service *service, const char *program_dir, struct err *err);

/* Passes on what it has written so far. */
void up_service_read(struct up_service *service);

/* After its end: reads the rest, forgets the process, and writes what it ended by. */
void up_service_reap(struct up_service *service, char how[64]);

/* Asks it to stop, and kills it where it has not after timeout_ms. Returns false for that. */
bool up_service_stop(struct up_service *service, int timeout_ms);

void up_service_done(struct up_service *service);

#endif
