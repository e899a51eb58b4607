/* looks.c - see looks.h. */
#include "services/recommender-proxy/looks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/metrics/metrics.h"

enum {
    NICE = 10,
    OBJECT_MAX = 40 << 20, /* bytes; item-ingest lets no larger ones in unless told so */
    ATTEMPTS = 5,          /* at one picture, while the store is well otherwise */
    FIRST_MS = 100,
    DOUBLINGS = 7,
    RECOUNT = 64, /* pictures */
};

struct looks {
    struct looks_conf conf;
    struct store *store; /* the thread's; NULL until it could be opened */
    struct buf bytes;    /* the thread's: of the picture under way */
    int failures;        /* the thread's: in a row */
    struct metric *waiting, *seen, *none, *missing;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool told; /* locked: there may be something unseen */
};

/* -- waiting -- */

/* Longer each time; ends early when stopping. */
static void rest(struct looks *looks)
{
    const int doublings = looks->failures < DOUBLINGS ? looks->failures : DOUBLINGS;
    const long pause_ms = (long)FIRST_MS << doublings;
    struct timespec until;

    looks->failures++;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += pause_ms / 1000;
    until.tv_nsec += pause_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_mutex_lock(&looks->lock);
    while (!atomic_load(&looks->stop) &&
           pthread_cond_timedwait(&looks->wake, &looks->lock, &until) == 0) {
        /* a new picture does not bring the store back */
    }
    (void)pthread_mutex_unlock(&looks->lock);
}

static void wait_for_work(struct looks *looks)
{
    (void)pthread_mutex_lock(&looks->lock);
    while (!looks->told && !atomic_load(&looks->stop))
        (void)pthread_cond_wait(&looks->wake, &looks->lock);
    looks->told = false;
    (void)pthread_mutex_unlock(&looks->lock);
}

/* -- one picture -- */

static int fetch(struct looks *looks, const char *item_id, struct err *err)
{
    int r;

    if (!looks->store)
        looks->store = garden_open_store(looks->conf.garden, err);
    if (!looks->store)
        return err_wrap(err, "opening the store");
    buf_clear(&looks->bytes);
    r = store_get_range(looks->store, item_id, 0, OBJECT_MAX + 1, &looks->bytes, NULL, err);
    if (r == 0 && !buf_ok(&looks->bytes))
        r = err_set_nomem(err, "a picture");
    return r;
}

/* 1: it was looked at; 0: it has no look, and err says why; else it can be tried again. */
static int look_at_once(struct looks *looks, const char *item_id, struct image_look *ret_look,
                        struct err *err)
{
    int r = fetch(looks, item_id, err);

    if (r < 0)
        return r;
    if (looks->bytes.size > OBJECT_MAX) {
        (void)err_set(err, ERR_TOO_LARGE, "it has more than %d bytes: make it smaller",
                      OBJECT_MAX);
        return 0;
    }
    r = image_look(buf_text(&looks->bytes), looks->bytes.size, NULL, ret_look, err);
    if (r == 0)
        return 1;
    return r == ERR_NOMEM ? r : 0;
}

static int note_object(void *ctx, const char *key, const struct store_info *info,
                       struct err *err)
{
    (void)key;
    (void)info;
    (void)err;
    *(bool *)ctx = true;
    return 0;
}

/* Whether there are pictures to be had at all: a store whose disk is not there looks empty.
 * Else *why says what is wrong, and the store is opened anew next time. */
static bool store_is_well(struct looks *looks, struct err *why)
{
    struct err away = {0};
    bool found = false;

    if (!looks->store)
        return false;
    if (store_list(looks->store, KEY_GARDEN_PREFIX, NULL, 1, note_object, &found, &away) == 0 &&
        found)
        return true;
    if (!away.code)
        (void)err_set(&away, ERR_UNAVAILABLE, "the store holds no picture: is its disk there?");
    *why = away;
    store_free(looks->store);
    looks->store = NULL;
    return false;
}

/* After a failure: whether it is the picture's, and the others can be looked at. */
static bool is_left(struct looks *looks, const char *item_id, struct err *why)
{
    if (why->code == ERR_UNAVAILABLE || !store_is_well(looks, why))
        return false;
    if (why->code == ERR_NOT_FOUND)
        return true; /* removed, and the event of it is on its way */
    if (looks->failures + 1 < ATTEMPTS)
        return false;
    log_warn("looking at %s: %s; it is left out until the next start", item_id, why->text);
    return true;
}

/* False: not now. */
static bool look_at(struct looks *looks, const struct rec_unseen *unseen)
{
    struct image_look look;
    struct err err = {0};
    const int r = look_at_once(looks, unseen->item_id, &look, &err);

    if (r < 0 && !is_left(looks, unseen->item_id, &err)) {
        trouble_set(looks->conf.trouble, "looking at pictures: %s", err.text);
        if (looks->failures % 10 == 0)
            log_warn("looking at pictures: %s; trying again", err.text);
        return false;
    }
    if (r < 0)
        rec_local_look_later(looks->conf.local, unseen);
    else
        rec_local_look(looks->conf.local, unseen, r ? &look : NULL);
    if (r == 0)
        log_info("no look of %s: %s", unseen->item_id, err.text);
    metric_add(r > 0 ? looks->seen : r == 0 ? looks->none : looks->missing, 1);
    trouble_clear(looks->conf.trouble);
    looks->failures = 0;
    return true;
}

/* -- all of them -- */

static void recount(struct looks *looks)
{
    metric_set(looks->waiting, (double)rec_local_unseen_count(looks->conf.local));
}

static void look_through(struct looks *looks)
{
    struct rec_unseen unseen;
    uint32_t at = 0;

    recount(looks);
    for (int done = 1;
         !atomic_load(&looks->stop) && rec_local_next_unseen(looks->conf.local, &at, &unseen);
         done++) {
        if (!look_at(looks, &unseen)) {
            rest(looks);
            at = 0; /* it may be gone by now */
        }
        if (done % RECOUNT == 0 || at == 0)
            recount(looks);
    }
    recount(looks);
    trouble_clear(looks->conf.trouble);
    buf_done(&looks->bytes);
}

static void *run(void *arg)
{
    struct looks *looks = arg;

    (void)pthread_setname_np(pthread_self(), "looks");
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* of the thread alone */
    while (!atomic_load(&looks->stop)) {
        look_through(looks);
        wait_for_work(looks);
    }
    return NULL;
}

/* -- life -- */

static void init_metrics(struct looks *looks)
{
    static const char total[] = "garden_recommender_looks_total";
    static const char help[] = "Pictures that were looked at, by what came of it.";

    looks->waiting = metric_gauge("garden_recommender_looks_waiting",
                                  "Pictures that have not been looked at.", NULL);
    looks->seen = metric_counter(total, help, "result=\"seen\"");
    looks->none = metric_counter(total, help, "result=\"none\"");
    looks->missing = metric_counter(total, help, "result=\"missing\"");
}

static void init_wake(struct looks *looks)
{
    pthread_condattr_t attributes;

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&looks->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

struct looks *looks_start(const struct looks_conf *conf, struct err *err)
{
    struct looks *looks = calloc(1, sizeof *looks);

    if (!looks) {
        (void)err_set_nomem(err, "looking at pictures");
        return NULL;
    }
    looks->conf = *conf;
    init_metrics(looks);
    (void)pthread_mutex_init(&looks->lock, NULL);
    init_wake(looks);
    if (pthread_create(&looks->thread, NULL, run, looks) == 0) {
        looks->started = true;
        return looks;
    }
    (void)err_set_nomem(err, "looking at pictures");
    looks_free(looks);
    return NULL;
}

static void wake(struct looks *looks, bool stop)
{
    (void)pthread_mutex_lock(&looks->lock);
    looks->told = true;
    if (stop)
        atomic_store(&looks->stop, true);
    (void)pthread_cond_signal(&looks->wake);
    (void)pthread_mutex_unlock(&looks->lock);
}

void looks_free(struct looks *looks)
{
    if (!looks)
        return;
    if (looks->started) {
        wake(looks, true);
        (void)pthread_join(looks->thread, NULL);
    }
    store_free(looks->store);
    buf_done(&looks->bytes);
    (void)pthread_cond_destroy(&looks->wake);
    (void)pthread_mutex_destroy(&looks->lock);
    free(looks);
}

void looks_on_item(void *looks, const struct item_event *event)
{
    (void)event;
    wake(looks, false);
}
