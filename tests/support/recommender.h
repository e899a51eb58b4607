/* recommender.h - a garden whose visitors get what they like, as an operator runs it: the
 * gateway, item-ingest, one or two recommenders and the emotion service (with fake_eyes.h for
 * its engine) on one bus; and the test as the kiosks before them.
 *
 * Everything fails the test where it cannot be done. */
#ifndef TESTS_SUPPORT_RECOMMENDER_H
#define TESTS_SUPPORT_RECOMMENDER_H

#include "lib/crypto/crypto.h"
#include "lib/json/json.h"
#include "tests/support/gateway.h"
#include "tests/support/ingest.h"

enum { HALL_RECOMMENDERS = 2 };

struct hall {
    struct ingest ingest;
    struct door door;
    pid_t recommender[HALL_RECOMMENDERS], emotion; /* 0: not running */
    char url[HALL_RECOMMENDERS][64];
    char listen[HALL_RECOMMENDERS][64];
    char emotion_listen[64];
    char log[HALL_RECOMMENDERS][300];
    char settings[4][512]; /* of the gateway */
    int64_t start[64];     /* where garden.interactions ended before the test */
};

/* A new folder; item-ingest, recommender 0, the emotion service and the gateway started. bus
 * NULL: the embedded one. */
void hall_start(struct hall *hall, const char *bus);
void hall_stop(struct hall *hall);

/* Starts recommender i and waits until it is ready; kills it as kill -9 does, if it runs. */
void hall_start_recommender(struct hall *hall, int i);
void hall_kill_recommender(struct hall *hall, int i);

/* Where its snapshot is. */
void hall_snapshot(const struct hall *hall, char ret_path[300]);

/* Pictures "emotions/happy/<favorite>/<name><i>h.jpeg", odd ones portraits, as somebody who
 * writes to the store tells of them; waits until item-ingest has them. */
void hall_put(struct hall *hall, const char *favorite, const char *name, int count);

/* A visitor on garden.users, as the emotion service writes it. */
void hall_user(struct hall *hall, const char *user, const char *generation, const char *gender);

/* As a kiosk, at the gateway; the answer is in door until the next. */
int hall_post(struct hall *hall, const char *path, const char *body);
int hall_get(struct hall *hall, const char *path);

/* The last answer as JSON, to be json_decref()ed. */
json_t *hall_answer(struct hall *hall);

/* A figure of recommender i's /metrics by its whole name with labels; waits until it is at
 * least that. */
void hall_wait_figure(struct hall *hall, int i, const char *name, double least);

/* A hash of what recommender i answers to visitors "<prefix>0" and so on: pictures, scores,
 * propensities and reasons. */
void hall_hash(struct hall *hall, int i, const char *prefix, int count,
               char ret_hash[SHA256_HEX]);

/* Appends the visitor's records of garden.interactions since the test began, a line each: the
 * headers "name=value;" and the value. */
void hall_records(struct hall *hall, const char *user, struct buf *out);

#endif
