/* plays.c - see plays.h: a queue and the thread that empties it. */
#include "services/display-feed/plays.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "proto/envelope.h"
#include "proto/play_event.h"
#include "proto/topics.h"
#include "services/display-feed/display_feed_conf.h"

enum { QUEUE = 8192, TOGETHER = 256, PUBLISH_MS = 5000 };

struct told {
    struct told *next;
    struct http_request *request;
    char zone[DISPLAY_ZONE_MAX + 1];
    char id[SHA256_HEX]; /* the same for the same plays */
    size_t count;
    struct buf value;
};

struct plays {
    struct plays_conf conf;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct told *first, **last;
    size_t waiting;
    bool ending;
};

/* -- writing -- */

struct batch {
    struct told *told[TOGETHER];
    struct envelope envelopes[TOGETHER];
    struct bus_record records[TOGETHER];
    size_t count;
};

static void fill(struct batch *batch, size_t i)
{
    const struct told *told = batch->told[i];

    envelope_fill(&batch->envelopes[i], EVENT_DISPLAY_PLAYED, DISPLAY_FEED_SOURCE, told->id,
                  clock_wall_ms(), NULL);
    batch->records[i] = (struct bus_record){.topic = TOPIC_PLAYS,
                                            .key = told->zone,
                                            .key_size = strlen(told->zone),
                                            .value = told->value.data,
                                            .value_size = told->value.size,
                                            .headers = batch->envelopes[i].headers,
                                            .header_count = ENVELOPE_HEADERS};
}

static void told_free(struct told *told)
{
    buf_done(&told->value);
    free(told);
}

static void write_batch(struct plays *plays, struct batch *batch)
{
    struct err err = {0};

    for (size_t i = 0; i < batch->count; i++)
        fill(batch, i);
    if (bus_publish(plays->conf.bus, batch->records, batch->count, PUBLISH_MS, &err) < 0)
        log_warn("writing what %zu screens have shown: %s", batch->count, err.text);
    for (size_t i = 0; i < batch->count; i++) {
        struct told *told = batch->told[i];

        plays->conf.answer(plays->conf.ctx, told->request, told->zone, told->count, &err);
        told_free(told);
    }
}

/* False: it is the end. */
static bool take(struct plays *plays, struct batch *batch)
{
    (void)pthread_mutex_lock(&plays->lock);
    while (!plays->first && !plays->ending)
        (void)pthread_cond_wait(&plays->news, &plays->lock);
    for (batch->count = 0; batch->count < TOGETHER && plays->first; batch->count++) {
        batch->told[batch->count] = plays->first;
        plays->first = plays->first->next;
        plays->waiting--;
    }
    if (!plays->first)
        plays->last = &plays->first;
    (void)pthread_mutex_unlock(&plays->lock);
    return batch->count > 0;
}

static void *run(void *ctx)
{
    struct plays *plays = ctx;
    struct batch *batch = malloc(sizeof *batch);

    (void)pthread_setname_np(pthread_self(), "plays");
    while (batch && take(plays, batch))
        write_batch(plays, batch);
    free(batch);
    return NULL;
}

struct plays *plays_new(const struct plays_conf *conf, struct err *err)
{
    struct plays *plays = calloc(1, sizeof *plays);

    if (!plays) {
        (void)err_set_nomem(err, "the plays");
        return NULL;
    }
    plays->conf = *conf;
    plays->last = &plays->first;
    (void)pthread_mutex_init(&plays->lock, NULL);
    (void)pthread_cond_init(&plays->news, NULL);
    plays->started = pthread_create(&plays->thread, NULL, run, plays) == 0;
    if (plays->started)
        return plays;
    (void)err_set(err, ERR_UNAVAILABLE, "starting the thread that writes plays failed");
    plays_free(plays);
    return NULL;
}

void plays_free(struct plays *plays)
{
    if (!plays)
        return;
    (void)pthread_mutex_lock(&plays->lock);
    plays->ending = true;
    (void)pthread_cond_signal(&plays->news);
    (void)pthread_mutex_unlock(&plays->lock);
    if (plays->started)
        (void)pthread_join(plays->thread, NULL);
    (void)pthread_cond_destroy(&plays->news);
    (void)pthread_mutex_destroy(&plays->lock);
    free(plays);
}

/* -- taking in -- */

/* What the table of the event checks is not checked here. A clock that was set while a picture
 * was shown is no reason to refuse what a screen tells. */
static int read_play(const json_t *json, struct play *play, struct err *err)
{
    if (!json_is_object(json))
        return err_set(err, ERR_INVALID, "it is no object");
    if (json_get_str(json, "key", &play->key, err) < 0 ||
        json_get_str(json, "sha256", &play->sha256, err) < 0 ||
        json_get_int(json, "from", &play->from_ms, err) < 0 ||
        json_get_int(json, "to", &play->to_ms, err) < 0)
        return err->code;
    if (play->to_ms < play->from_ms)
        play->to_ms = play->from_ms;
    return 0;
}

static int encode(struct told *told, const struct screen *screen, const json_t *list,
                  struct err *err)
{
    struct play plays[PLAYS_MAX];
    struct play_event event = {.zone = screen->zone,
                               .screen = screen->id,
                               .slot = screen->slot,
                               .orientation = screen->orientation,
                               .timestamp_ms = screen->seen_ms,
                               .clock_off_ms = screen->clock_off_ms,
                               .plays = plays,
                               .play_count = json_array_size(list)};
    OWNED_VALUE(buf) same = {0};

    if (event.play_count > PLAYS_MAX)
        return err_set(err, ERR_INVALID, "plays has %zu of them: tell of at most %d at a time",
                       event.play_count, PLAYS_MAX);
    for (size_t i = 0; i < event.play_count; i++)
        if (read_play(json_array_get(list, i), &plays[i], err) < 0)
            return err_wrap(err, "plays[%zu]", i);
    if (play_event_encode(&told->value, &event, err) < 0)
        return err->code;
    buf_printf(&same, "%s/%s/%d/%zu/%lld/%lld", screen->zone, screen->id, screen->slot,
               event.play_count, (long long)plays[0].from_ms,
               (long long)plays[event.play_count - 1].to_ms);
    sha256_hex(same.data, same.size, told->id);
    told->count = event.play_count;
    return 0;
}

/* Takes it over. */
static int queue(struct plays *plays, struct told *told, struct err *err)
{
    (void)pthread_mutex_lock(&plays->lock);
    if (plays->waiting >= QUEUE || plays->ending) {
        (void)err_set(err, ERR_UNAVAILABLE,
                      "too many screens tell what they showed: try again in a moment");
    } else {
        *plays->last = told;
        plays->last = &told->next;
        plays->waiting++;
        (void)pthread_cond_signal(&plays->news);
    }
    (void)pthread_mutex_unlock(&plays->lock);
    if (err->code)
        told_free(told);
    return err->code;
}

int plays_add(struct plays *plays, struct http_request *request, const struct screen *screen,
              const json_t *list, struct err *err)
{
    struct told *told = calloc(1, sizeof *told);

    if (!told)
        return err_set_nomem(err, "what a screen has shown");
    told->request = request;
    memcpy(told->zone, screen->zone, sizeof told->zone);
    if (encode(told, screen, list, err) == 0)
        return queue(plays, told, err); /* NOLINT(clang-analyzer-unix.Malloc): the queue's */
    told_free(told);
    return err->code;
}
