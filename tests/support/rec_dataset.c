/* rec_dataset.c - data sets that are made up; reading them is in rec_dataset_read.c. */
#include "tests/support/rec_dataset.h"

#include <stdbool.h>

#include "tests/support/random.h"

enum { PERIOD = 100000000, TOPICS_OF_USER = 4, TRIES = 8, LIKES_MAX = 1000 };
#define POPULARITY_POWER 0.8
#define TOPIC_SPREAD 2.0
#define STRAY 0.1

/* Draws from any distribution in constant time: Vose, A Linear Algorithm For Generating Random
 * Numbers With a Given Distribution (IEEE TSE 1991). */
struct alias {
    float *keep;
    uint32_t *other;
};

struct making {
    const struct rec_dataset_conf *conf;
    struct rec_dataset *dataset;
    struct alias topics; /* [topics x items] */
    int32_t *born;       /* [items] */
    double *weights;
    uint32_t *stack;
};

struct rec_dataset *rec_dataset_empty(uint32_t users, uint32_t items, struct err *err)
{
    struct rec_dataset *dataset = calloc(1, sizeof *dataset);

    if (dataset)
        *dataset = (struct rec_dataset){.users = users, .items = items};
    else
        (void)err_set_nomem(err, "a data set");
    return dataset;
}

void rec_dataset_free(struct rec_dataset *dataset)
{
    if (!dataset)
        return;
    free(dataset->likes);
    free(dataset);
}

int rec_dataset_add(struct rec_dataset *dataset, const struct rec_like *like, struct err *err)
{
    if (dataset->count == dataset->capacity) {
        size_t capacity = dataset->capacity ? dataset->capacity + dataset->capacity / 2 : 1024;
        struct rec_like *likes = realloc(dataset->likes, capacity * sizeof *likes);

        if (!likes)
            return err_set_nomem(err, "likes");
        dataset->likes = likes;
        dataset->capacity = capacity;
    }
    dataset->likes[dataset->count++] = *like;
    return 0;
}

/* From weights, which it spoils. */
static void alias_make(struct alias *alias, double *weights, uint32_t *stack, uint32_t count)
{
    uint32_t small = 0, large = count;
    double sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += weights[i];
    for (uint32_t i = 0; i < count; i++) {
        weights[i] *= count / sum;
        if (weights[i] < 1)
            stack[small++] = i;
        else
            stack[--large] = i;
    }
    while (small > 0 && large < count) {
        uint32_t s = stack[--small], l = stack[large];

        alias->keep[s] = (float)weights[s];
        alias->other[s] = l;
        weights[l] -= 1 - weights[s];
        if (weights[l] < 1) {
            large++;
            stack[small++] = l;
        }
    }
    while (small > 0)
        alias->keep[stack[--small]] = 1;
    while (large < count)
        alias->keep[stack[large++]] = 1;
}

static uint32_t alias_draw(const struct alias *alias, struct random *random, uint32_t count)
{
    uint32_t i = random_below(random, count);

    return random_unit(random) < (double)alias->keep[i] ? i : alias->other[i];
}

static struct alias topic_of(const struct making *m, int topic)
{
    size_t first = (size_t)topic * m->conf->items;

    return (struct alias){m->topics.keep + first, m->topics.other + first};
}

static int make_topics(struct making *m)
{
    uint32_t items = m->conf->items;
    struct random random = random_of(m->conf->seed, 1);
    double *popular = calloc(items, sizeof *popular);

    if (!popular)
        return -1;
    for (uint32_t i = 0; i < items; i++) {
        popular[i] = pow(1 + items * random_unit(&random), -POPULARITY_POWER);
        m->born[i] =
            random_unit(&random) < 1 / 6.0 ? (int32_t)(.8 * PERIOD * random_unit(&random)) : 0;
    }
    for (int t = 0; t < m->conf->topics; t++) {
        struct alias topic = topic_of(m, t);

        for (uint32_t i = 0; i < items; i++)
            m->weights[i] = popular[i] * exp(TOPIC_SPREAD * random_normal(&random));
        alias_make(&topic, m->weights, m->stack, items);
    }
    free(popular);
    return 0;
}

struct liker {
    uint32_t user;
    int topics[TOPICS_OF_USER];
    double upto[TOPICS_OF_USER]; /* of the weights; the last is 1 */
    int topic_count;
    double start, length;
    uint32_t likes;
};

static void make_user(const struct making *m, struct random *random, uint32_t user,
                      struct liker *ret)
{
    struct liker u = {.user = user,
                      .topic_count = 1 + (int)random_below(random, TOPICS_OF_USER)};
    double sum = 0, likes;

    for (int i = 0; i < u.topic_count; i++) {
        u.topics[i] = (int)random_below(random, (uint32_t)m->conf->topics);
        sum += exp(random_normal(random));
        u.upto[i] = sum;
    }
    for (int i = 0; i < u.topic_count; i++)
        u.upto[i] /= sum;
    likes = 1 + (m->conf->mean - 1) * exp(random_normal(random) - .5);
    u.likes = likes < LIKES_MAX ? (uint32_t)(likes + random_unit(random)) : LIKES_MAX;
    u.start = random_unit(random) * PERIOD;
    u.length = -log(1 - random_unit(random)) * PERIOD / 3;
    if (u.length > PERIOD - u.start)
        u.length = PERIOD - u.start;
    *ret = u;
}

static uint32_t draw_item(const struct making *m, struct random *random, const struct liker *u)
{
    double at = random_unit(random);
    int topic = (int)random_below(random, (uint32_t)m->conf->topics), i = 0;
    struct alias chosen;

    if (random_unit(random) >= STRAY) {
        while (i < u->topic_count - 1 && at >= u->upto[i])
            i++;
        topic = u->topics[i];
    }
    chosen = topic_of(m, topic);
    return alias_draw(&chosen, random, m->conf->items);
}

static bool liked_already(const struct rec_dataset *dataset, size_t from, uint32_t item)
{
    for (size_t i = from; i < dataset->count; i++)
        if (dataset->likes[i].item == item)
            return true;
    return false;
}

static int make_likes(struct making *m, struct random *random, const struct liker *u,
                      struct err *err)
{
    size_t from = m->dataset->count;

    for (uint32_t n = 0; n < u->likes; n++) {
        int64_t time = (int64_t)(u->start + random_unit(random) * u->length);

        for (int tries = 0; tries < TRIES; tries++) {
            uint32_t item = draw_item(m, random, u);

            if (m->born[item] > time || liked_already(m->dataset, from, item))
                continue;
            if (rec_dataset_add(m->dataset, &(struct rec_like){u->user, item, time}, err) < 0)
                return err->code;
            break;
        }
    }
    return 0;
}

static void making_done(struct making *m)
{
    free(m->topics.keep);
    free(m->topics.other);
    free(m->born);
    free(m->weights);
    free(m->stack);
}

static bool making_init(struct making *m)
{
    size_t all = (size_t)m->conf->topics * m->conf->items;

    m->topics.keep = calloc(all, sizeof *m->topics.keep);
    m->topics.other = calloc(all, sizeof *m->topics.other);
    m->born = calloc(m->conf->items, sizeof *m->born);
    m->weights = calloc(m->conf->items, sizeof *m->weights);
    m->stack = calloc(m->conf->items, sizeof *m->stack);
    return m->topics.keep && m->topics.other && m->born && m->weights && m->stack &&
           make_topics(m) == 0;
}

struct rec_dataset *rec_dataset_new(const struct rec_dataset_conf *conf, struct err *err)
{
    struct making m = {.conf = conf,
                       .dataset = rec_dataset_empty(conf->users, conf->items, err)};
    struct random random = random_of(conf->seed, 2);
    int r = -1;

    if (m.dataset && making_init(&m)) {
        r = 0;
        for (uint32_t user = 0; user < conf->users && r == 0; user++) {
            struct liker u;

            make_user(&m, &random, user, &u);
            r = make_likes(&m, &random, &u, err);
        }
    }
    making_done(&m);
    if (r == 0)
        return m.dataset;
    (void)err_set_nomem(err, "a data set");
    rec_dataset_free(m.dataset);
    return NULL;
}
