/* visitors_log.c - what visitors did while some policy chose what they saw; see visitors.h. */
#include <stdio.h>

#include "tests/support/random.h"
#include "tests/support/visitors.h"

enum { SEED_OF_LOG = 77, ROUND_MS = 8000 };

struct planned {
    uint64_t visitor;
    int64_t start_ms;
    int number;
};

struct logging {
    const struct visitors *v;
    const struct visitors_log *log;
    uint32_t *moods[EMOTION_COUNT]; /* items of each */
    uint32_t mood_size[EMOTION_COUNT];
    uint32_t *likes; /* [items], so far */
    uint64_t *seen;  /* [items]: the last visit that saw it, counted from 1 */
    uint64_t visit_count;
};

static int by_start(const void *a, const void *b)
{
    const struct planned *x = a, *y = b;

    if (x->start_ms != y->start_ms)
        return x->start_ms < y->start_ms ? -1 : 1;
    return x->visitor < y->visitor ? -1 : x->visitor > y->visitor;
}

static size_t plan(const struct logging *l, struct planned *ret_plan)
{
    size_t count = 0;

    for (uint64_t i = l->log->first; i < l->log->first + l->log->count; i++) {
        int visits = visitors_comes_again(l->v, i) ? 2 : 1;

        for (int n = 0; n < visits; n++) {
            struct visit visit;

            visitors_visit(l->v, i, n, &visit);
            ret_plan[count++] = (struct planned){i, visit.start_ms, n};
        }
    }
    qsort(ret_plan, count, sizeof *ret_plan, by_start);
    return count;
}

static double weight(const struct logging *l, uint32_t item, int64_t time_ms)
{
    if (l->seen[item] == l->visit_count || visitors_item(l->v, item)->timestamp_ms > time_ms)
        return 0;
    return l->log->policy == VISITORS_UNIFORM ? 1 : 1 + (double)l->likes[item];
}

static void choose(struct logging *l, struct random *random, struct visitors_round *round,
                   int place)
{
    const uint32_t *items = l->moods[round->visit->mood];
    uint32_t count = l->mood_size[round->visit->mood], chosen = 0;
    double sum = 0, left, own = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += weight(l, items[i], round->time_ms);
    left = random_unit(random) * sum;
    for (uint32_t i = 0; i < count && left >= 0; i++) {
        double w = weight(l, items[i], round->time_ms);

        if (w > 0) {
            chosen = items[i];
            own = w;
        }
        left -= w;
    }
    l->seen[chosen] = l->visit_count;
    round->shown[place] = chosen;
    round->propensity[place] = own / sum;
}

static void live(struct logging *l, const struct planned *planned)
{
    struct random random =
        random_of(SEED_OF_LOG, planned->visitor * 2 + (uint64_t)planned->number);
    struct visit visit;

    visitors_visit(l->v, planned->visitor, planned->number, &visit);
    l->visit_count++;
    for (int n = 0; n < visit.rounds; n++) {
        struct visitors_round round = {.visit = &visit,
                                       .number = n,
                                       .time_ms = visit.start_ms + (int64_t)(n + 1) * ROUND_MS};

        for (int place = 0; place < VISITORS_SHOWN; place++)
            choose(l, &random, &round, place);
        for (int place = 0; place < VISITORS_SHOWN; place++) {
            uint32_t item = round.shown[place];

            round.liked[place] = random_unit(&random) < visitors_chance(l->v, &visit, item);
            l->likes[item] += round.liked[place];
        }
        l->log->on_round(l->log->ctx, &round);
    }
}

static int sort_by_mood(struct logging *l)
{
    uint32_t items = visitors_item_count(l->v);

    for (int e = 0; e < EMOTION_COUNT; e++) {
        l->moods[e] = calloc(items, sizeof *l->moods[e]);
        if (!l->moods[e])
            return -1;
    }
    for (uint32_t i = 0; i < items; i++) {
        int mood = visitors_item_mood(l->v, i);

        l->moods[mood][l->mood_size[mood]++] = i;
    }
    return 0;
}

int visitors_log(const struct visitors *v, const struct visitors_log *log, struct err *err)
{
    struct logging l = {.v = v, .log = log};
    struct planned *planned = calloc(2 * log->count + 1, sizeof *planned);
    int r = 0;

    l.likes = calloc(visitors_item_count(v), sizeof *l.likes);
    l.seen = calloc(visitors_item_count(v), sizeof *l.seen);
    if (!planned || !l.likes || !l.seen || sort_by_mood(&l) < 0) {
        r = err_set_nomem(err, "a log of visits");
    } else {
        size_t count = plan(&l, planned);

        for (size_t i = 0; i < count; i++)
            live(&l, &planned[i]);
    }
    for (int e = 0; e < EMOTION_COUNT; e++)
        free(l.moods[e]);
    free(l.likes);
    free(l.seen);
    free(planned);
    return r;
}

void visitors_acts(const struct visitors *v, const struct visitors_round *round,
                   void (*fn)(void *ctx, const struct interaction_event *event), void *ctx)
{
    const char *shown[VISITORS_SHOWN];
    char event_id[96], recommendation_id[80];
    bool any = false;

    for (int i = 0; i < VISITORS_SHOWN; i++) {
        shown[i] = visitors_item(v, round->shown[i])->item_id;
        any = any || round->liked[i];
    }
    (void)snprintf(recommendation_id, sizeof recommendation_id, "%s-%d-%d",
                   round->visit->user_id, round->visit->number, round->number);
    for (int i = 0; i < (any ? VISITORS_SHOWN : 1); i++) {
        if (any && !round->liked[i])
            continue;
        (void)snprintf(event_id, sizeof event_id, "%s-%d", recommendation_id, i);
        fn(ctx, &(struct interaction_event){
                    .user_id = round->visit->user_id,
                    .item_id = shown[i],
                    .type = any ? INTERACTION_LIKE : INTERACTION_SKIP,
                    .impression = shown,
                    .impression_count = VISITORS_SHOWN,
                    .timestamp_ms = round->time_ms,
                    .event_id = event_id,
                    .asked = round->visit->asked,
                    .recommendation_id = recommendation_id,
                    .propensities = round->propensity,
                    .propensity_count = VISITORS_SHOWN,
                });
    }
}
