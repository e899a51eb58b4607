/* generator.h - the generator under test, alone: processes on engines of their own, and the
 * test on the same engines as whoever asks for pictures and follows what becomes of them.
 *
 * Most tests draw with fake_drawer.h in the place of the engine: the service is the same, and
 * prompts decide what happens in it. Everything fails the test where it cannot be done. */
#ifndef TESTS_SUPPORT_GENERATOR_H
#define TESTS_SUPPORT_GENERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/store/store.h"
#include "proto/generation_event.h"
#include "proto/generation_request.h"
#include "proto/topics.h"
#include "services/common/garden_conf.h"

enum { GENERATOR_PROCESSES = 4, GENERATOR_PARTITIONS = 64 };

/* An event that came, decoded; texts are owned. */
struct told {
    struct generation_event event;
    struct buf storage;
};

struct generator {
    struct garden_conf conf;
    struct bus *bus;
    struct store *store;
    struct http_client *http;
    struct bus_consumer *view; /* of the events since the test began */
    struct told *told;
    size_t told_count, told_room;
    int64_t dead_start; /* where garden.dead-letters ended before the test */
    int64_t object_start[GENERATOR_PARTITIONS];
    char group[64]; /* also what is put before job ids on the bus: tests share its topics */
    char log[300];
    char settings[3][512];
    char listen[GENERATOR_PROCESSES][64];
    char url[GENERATOR_PROCESSES][64];
    const char *env[16];
    pid_t pid[GENERATOR_PROCESSES]; /* 0: not running */
};

/* A new folder, free ports, the engines opened; bus NULL: the embedded one. What is on the bus
 * from other tests counts as handled. */
void generator_prepare(struct generator *g, const char *bus);

/* Adds "NAME=value" for the next start; borrowed. */
void generator_set(struct generator *g, const char *setting);

/* Starts process i and waits until it is ready. model NULL: the fake drawer. */
void generator_start(struct generator *g, int i, const char *model);

/* The same without waiting. */
void generator_launch(struct generator *g, int i, const char *model);
void generator_wait_ready(struct generator *g, int i);

/* SIGTERM; it has to end with status 0. */
void generator_stop(struct generator *g, int i);

/* kill -9, if it runs. */
void generator_kill(struct generator *g, int i);

/* kill -9 of all, and closes the engines. */
void generator_done(struct generator *g);

/* A request with what most tests want: job id and prompt, one output of 64x64 under key. */
struct generation_request generator_request(const char *job_id, const char *prompt,
                                            const struct generation_output *output);

/* Publishes it to garden.generation.requests. */
void generator_ask(struct generator *g, const struct generation_request *request);

/* Publishes an event as the gateway does, e.g. to cancel. */
void generator_tell(struct generator *g, const struct generation_event *event);

/* Reads what came; then how many of this type there are of the job (NULL: of all). */
size_t generator_count(struct generator *g, const char *job_id,
                       enum generation_event_type type);

/* Waits until there are that many; returns the last of them, valid until the next call. */
const struct generation_event *generator_wait(struct generator *g, const char *job_id,
                                              enum generation_event_type type, size_t count);

/* Waits until the group has committed all that was asked. */
void generator_wait_committed(struct generator *g);

/* The group's lag: requests that are not committed. */
int64_t generator_lag(struct generator *g);

/* A figure of process i's /metrics by its whole name with labels; -1: there is none. */
double generator_figure(struct generator *g, int i, const char *name);

/* Waits until it is that much or more. */
void generator_wait_figure(struct generator *g, int i, const char *name, double least);

/* Asks process i's /readyz until it answers this status and contains text. */
void generator_wait_answer(struct generator *g, int i, int status, const char *text);

/* Where the topic's partitions begin and end, once it has a leader; returns how many. */
int generator_partitions(struct generator *g, const char *topic,
                         struct bus_partition_info infos[GENERATOR_PARTITIONS]);

/* How many records garden.dead-letters got since the test began; the reason of the last. */
int64_t generator_dead(struct generator *g, char ret_reason[512]);

/* How many events on garden.objects since the test began tell of the key. */
int generator_objects(struct generator *g, const char *key);

#endif
