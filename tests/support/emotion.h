/* emotion.h - the emotion service under test, alone: processes on a bus of their own, and the
 * test as the gateway before them and as a reader of garden.users behind them.
 *
 * Most tests look with fake_eyes.h in the place of the engine. Everything fails the test where
 * it cannot be done. */
#ifndef TESTS_SUPPORT_EMOTION_H
#define TESTS_SUPPORT_EMOTION_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/http/client.h"
#include "proto/user_event.h"
#include "services/common/garden_conf.h"

enum { EYES_PROCESSES = 2, EYES_PARTITIONS = 16 };

struct eyes {
    struct garden_conf conf;
    struct bus *bus;
    struct http_client *http;
    int64_t users_start[EYES_PARTITIONS]; /* where garden.users ended before the test */
    char prefix[48];                      /* of visitors' ids: tests share a broker */
    char log[300];
    char settings[2][512];
    char listen[EYES_PROCESSES][64];
    char url[EYES_PROCESSES][64];
    const char *env[16];
    pid_t pid[EYES_PROCESSES]; /* 0: not running */
    struct http_client_response last;
    char header[2048];
};

/* A new folder, the bus opened; bus NULL: the embedded one. */
void eyes_prepare(struct eyes *eyes, const char *bus);

/* Adds "NAME=value" for the next start; borrowed. */
void eyes_set(struct eyes *eyes, const char *setting);

/* Starts process i and waits until it is ready. program NULL: the fake eyes. */
void eyes_start(struct eyes *eyes, int i, const char *program);
void eyes_stop(struct eyes *eyes, int i); /* SIGTERM; it has to end with status 0 */
void eyes_kill(struct eyes *eyes, int i); /* kill -9, if it runs */
void eyes_done(struct eyes *eyes);

/* The visitor's id on the bus: valid until the next call. */
const char *eyes_user(const struct eyes *eyes, const char *name);

/* Ask process i and return the status; the answer is in eyes->last until the next. user: a
 * visitor's name for X-user-id; NULL: none. */
int eyes_get(struct eyes *eyes, int i, const char *path);
int eyes_post(struct eyes *eyes, int i, const char *path, const char *user, const void *body,
              size_t size);

/* POST of a picture in words (fake_eyes.h). */
int eyes_look(struct eyes *eyes, int i, const char *path, const char *user, const char *words);

/* {method} /v1/users/{user}/mood; body NULL: none. */
int eyes_mood(struct eyes *eyes, int i, const char *method, const char *user, const char *body);

/* The same from another client, for while the first one's requests wait. */
int eyes_mood_meanwhile(const struct eyes *eyes, int i, const char *method, const char *user,
                        const char *body);

const char *eyes_body(const struct eyes *eyes);
const char *eyes_header(struct eyes *eyes, const char *name); /* "" where there is none */

/* Starts to ask without waiting; *status is set by eyes_wait. */
void eyes_look_later(struct eyes *eyes, int i, const char *user, const char *words,
                     int *status);
void eyes_wait(struct eyes *eyes, const int *status);

/* The visitor's records since the test began, "analysis happy adult Male" and so on, separated
 * by commas; a tombstone is "-". In ret_text. */
void eyes_records(struct eyes *eyes, const char *user, struct buf *ret_text);

/* Waits until these are the last records. */
void eyes_wait_record(struct eyes *eyes, const char *user, const char *last);

/* A figure of process i's /metrics by its whole name with labels; -1: there is none. */
double eyes_figure(struct eyes *eyes, int i, const char *name);
void eyes_wait_figure(struct eyes *eyes, int i, const char *name, double least);

#endif
