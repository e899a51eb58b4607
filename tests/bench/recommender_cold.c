/* recommender_cold.c - how good the local engine is for visitors of whom nothing, or little, is
 * known, on a made-up garden whose visitors' tastes are known (tests/support/visitors.h).
 *
 * First a period to learn from: visitors who were shown what was popular, every act told to the
 * engine; then it is trained. After that come new visitors, of whom it knows what they ask for
 * (mood and favourite) and, of most, generation and gender.
 *
 *   precision@3   of the first three pictures of the answer: the share that the visitor likes,
 * as the mean of the true chances regret        the mean chance of the three best pictures that
 * the visitor has not seen, less that of the three that are shown. After 5 likes: the visitor
 * went through blindly chosen pictures of its mood until it had liked five; seen ones are
 *                 passed over.
 *
 * Beside it are the pictures with the most likes in the whole garden, and those with the most
 * likes within the visitor's mood. */
#include <math.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "services/recommender-proxy/rec_local.h"
#include "tests/support/figure.h"
#include "tests/support/random.h"
#include "tests/support/visitors.h"

enum {
    ITEMS = 4096,
    LEARNT_FROM = 30000,
    COLD = 3000,
    WARM = 1000,
    SHOWN = VISITORS_SHOWN,
    LIKES = 5,
    ROUNDS_MAX = 100
};

enum policy { ENGINE, POPULAR, POPULAR_IN_MOOD, BLIND, BEST, POLICIES };

static const char *const policy_names[POLICIES] = {"engine", "popular", "popular-in-mood",
                                                   "blind", "best"};

struct bench {
    struct visitors *v;
    struct rec_local *local;
    struct rec_answer *answer;
    uint32_t *likes;  /* [items], of the period */
    uint32_t *ranked; /* items, most likes first */
    bool *seen;       /* [items], by the visitor at hand */
    double *chances;  /* [items], of the visitor at hand */
    uint64_t told;
};

static void check(int r, const struct err *err)
{
    if (r < 0 || err->code < 0)
        give_up("recommender_cold", err->text);
}

/* -- the period that is learnt from ---------------------------------------------------------
 */

static void tell_act(void *ctx, const struct interaction_event *event)
{
    struct bench *b = ctx;
    struct err err = {0};

    b->told++;
    check(rec_local_interaction(b->local, event, &err), &err);
}

static void tell_visitor(struct bench *b, const struct visit *visit)
{
    const struct user_event event = visitors_user_event(visit);
    struct err err = {0};

    check(rec_local_user(b->local, &event, &err), &err);
}

static void tell_round(void *ctx, const struct visitors_round *round)
{
    struct bench *b = ctx;

    if (round->number == 0)
        tell_visitor(b, round->visit);
    for (int i = 0; i < SHOWN; i++)
        b->likes[round->shown[i]] += round->liked[i];
    visitors_acts(b->v, round, tell_act, b);
}

static const uint32_t *sort_likes;

static int by_likes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    if (sort_likes[x] != sort_likes[y])
        return sort_likes[x] > sort_likes[y] ? -1 : 1;
    return x < y ? -1 : x > y;
}

static void learn(struct bench *b, uint64_t visitors)
{
    uint32_t items = visitors_item_count(b->v);
    struct err err = {0};
    double start;

    for (uint32_t i = 0; i < items; i++)
        check(rec_local_item(b->local, visitors_item(b->v, i), &err), &err);
    check(visitors_log(b->v,
                       &(struct visitors_log){.policy = VISITORS_POPULAR,
                                              .count = visitors,
                                              .on_round = tell_round,
                                              .ctx = b},
                       &err),
          &err);
    start = figure_now_s();
    check(rec_local_train(b->local, NULL, NULL, &err), &err);
    (void)fprintf(stderr, "%u pictures, %llu visitors, %llu acts, trained in %.2f s\n", items,
                  (unsigned long long)visitors, (unsigned long long)b->told,
                  figure_now_s() - start);
    for (uint32_t i = 0; i < items; i++)
        b->ranked[i] = i;
    sort_likes = b->likes;
    qsort(b->ranked, items, sizeof *b->ranked, by_likes);
}

/* -- what each policy shows -----------------------------------------------------------------
 */

static uint32_t find_item(const struct bench *b, const char *id)
{
    const char *number = strstr(id, "_");
    uint32_t item =
        number ? (uint32_t)strtoul(
                     strchr(number + 1, '-') ? strchr(number, '-') + 1 : number + 1, NULL, 10)
               : 0;

    if (item >= visitors_item_count(b->v) ||
        strcmp(visitors_item(b->v, item)->item_id, id) != 0)
        give_up("the engine named a picture that is not there", id);
    return item;
}

static void ask_engine(struct bench *b, const struct visit *visit, uint32_t ret[SHOWN])
{
    const struct rec_query query = {.user_id = visit->user_id,
                                    .emotion = visit->asked,
                                    .generation = visit->generation,
                                    .gender = visit->gender,
                                    .count = REC_COUNT_MAX};
    struct rec_engine *engine = rec_local_engine(b->local);
    struct err err = {0};
    int found = 0;

    check(engine->recommend(engine, &query, clock_mono_ms() + 60000, b->answer, &err), &err);
    for (size_t i = 0; i < b->answer->count && found < SHOWN; i++) {
        uint32_t item = find_item(b, b->answer->results[i].item_id);

        if (!b->seen[item])
            ret[found++] = item;
    }
    if (found < SHOWN)
        give_up("recommender_cold", "the engine named fewer than three pictures");
}

static void ask_popular(const struct bench *b, const struct visit *visit, bool in_mood,
                        uint32_t ret[SHOWN])
{
    int found = 0;

    for (uint32_t i = 0; i < visitors_item_count(b->v) && found < SHOWN; i++) {
        uint32_t item = b->ranked[i];

        if (!b->seen[item] && (!in_mood || visitors_item_mood(b->v, item) == visit->mood))
            ret[found++] = item;
    }
}

static void ask_blindly(const struct bench *b, struct random *random, const struct visit *visit,
                        uint32_t ret[SHOWN])
{
    for (int found = 0; found < SHOWN;) {
        uint32_t item = random_below(random, visitors_item_count(b->v));
        bool chosen = b->seen[item] || visitors_item_mood(b->v, item) != visit->mood;

        for (int i = 0; i < found; i++)
            chosen = chosen || ret[i] == item;
        if (!chosen)
            ret[found++] = item;
    }
}

static void ask_best(const struct bench *b, uint32_t ret[SHOWN])
{
    double last = INFINITY;

    for (int found = 0; found < SHOWN; found++) {
        double best = -1;

        for (uint32_t i = 0; i < visitors_item_count(b->v); i++)
            if (!b->seen[i] && b->chances[i] < last && b->chances[i] > best) {
                best = b->chances[i];
                ret[found] = i;
            }
        last = best;
    }
}

static double mean_chance(const struct bench *b, const uint32_t shown[SHOWN])
{
    double sum = 0;

    for (int i = 0; i < SHOWN; i++)
        sum += b->chances[shown[i]] / SHOWN;
    return sum;
}

/* Adds what each policy's first three are worth to the visitor at hand. */
static void ask_all(struct bench *b, struct random *random, const struct visit *visit,
                    double sums[POLICIES])
{
    uint32_t shown[POLICIES][SHOWN];

    for (uint32_t i = 0; i < visitors_item_count(b->v); i++)
        b->chances[i] = visitors_chance(b->v, visit, i);
    ask_engine(b, visit, shown[ENGINE]);
    ask_popular(b, visit, false, shown[POPULAR]);
    ask_popular(b, visit, true, shown[POPULAR_IN_MOOD]);
    ask_blindly(b, random, visit, shown[BLIND]);
    ask_best(b, shown[BEST]);
    for (int p = 0; p < POLICIES; p++)
        sums[p] += mean_chance(b, shown[p]);
}

/* -- new visitors ---------------------------------------------------------------------------
 */

static void bench_cold(struct bench *b, uint64_t first, uint64_t count)
{
    struct random random = random_of(1, 1);
    double sums[POLICIES] = {0};
    char name[64];

    for (uint64_t i = first; i < first + count; i++) {
        struct visit visit;

        visitors_visit(b->v, i, 0, &visit);
        ask_all(b, &random, &visit, sums);
    }
    for (int p = 0; p < POLICIES; p++) {
        (void)snprintf(name, sizeof name, "cold-precision3-%s", policy_names[p]);
        figure_seen(name, sums[p] / (double)count, "liked");
    }
    figure("cold-precision3-against-popular", sums[ENGINE] / sums[POPULAR], "x", AT_LEAST, 2);
    figure_seen("cold-precision3-against-popular-in-mood", sums[ENGINE] / sums[POPULAR_IN_MOOD],
                "x");
}

/* Shows blindly until five are liked, and tells the engine. */
static void warm_up(struct bench *b, struct random *random, const struct visit *visit)
{
    int likes = 0;

    tell_visitor(b, visit);
    for (int n = 0; n < ROUNDS_MAX && likes < LIKES; n++) {
        struct visitors_round round = {
            .visit = visit, .number = n, .time_ms = visit->start_ms + 8000LL * (n + 1)};

        ask_blindly(b, random, visit, round.shown);
        for (int i = 0; i < SHOWN; i++) {
            b->seen[round.shown[i]] = true;
            round.propensity[i] = 0;
            round.liked[i] = random_unit(random) < visitors_chance(b->v, visit, round.shown[i]);
            likes += round.liked[i];
        }
        visitors_acts(b->v, &round, tell_act, b);
    }
}

static void bench_warm(struct bench *b, uint64_t first, uint64_t count)
{
    struct random random = random_of(1, 2);
    double before[POLICIES] = {0}, after[POLICIES] = {0};
    char name[64];

    for (uint64_t i = first; i < first + count; i++) {
        struct visit visit;

        visitors_visit(b->v, i, 0, &visit);
        ask_all(b, &random, &visit, before);
        warm_up(b, &random, &visit);
        ask_all(b, &random, &visit, after);
        memset(b->seen, 0, visitors_item_count(b->v) * sizeof *b->seen);
    }
    for (int p = 0; p < BEST; p++) {
        (void)snprintf(name, sizeof name, "regret-before-%s", policy_names[p]);
        figure_seen(name, (before[BEST] - before[p]) / (double)count, "liked less");
        (void)snprintf(name, sizeof name, "regret-after-5-likes-%s", policy_names[p]);
        figure_seen(name, (after[BEST] - after[p]) / (double)count, "liked less");
    }
    figure("regret-after-5-likes-against-popular",
           (after[BEST] - after[ENGINE]) / (after[BEST] - after[POPULAR]), "x", AT_MOST, 0.5);
    figure_seen("regret-after-5-likes-against-popular-in-mood",
                (after[BEST] - after[ENGINE]) / (after[BEST] - after[POPULAR_IN_MOOD]), "x");
}

int main(void)
{
    double scale = figure_scale();
    const struct visitors_conf world = {.items = ITEMS,
                                        .seed = 1,
                                        .start_ms = 1767225600000, /* 2026 */
                                        .days = 60};
    uint64_t learnt = (uint64_t)(LEARNT_FROM * scale);
    struct rec_local_conf conf = rec_local_defaults;
    struct err err = {0};
    OWNED(visitors) v = visitors_new(&world, &err);
    OWNED(rec_local) local = NULL;
    struct bench b;

    conf.exploration = 0; /* what is explored is not meant to be liked most */
    local = rec_local_new(&conf, &err);
    b = (struct bench){.v = v, .local = local, .answer = calloc(1, sizeof *b.answer)};
    b.likes = calloc(ITEMS, sizeof *b.likes);
    b.ranked = calloc(ITEMS, sizeof *b.ranked);
    b.seen = calloc(ITEMS, sizeof *b.seen);
    b.chances = calloc(ITEMS, sizeof *b.chances);
    check(0, &err);
    if (!b.answer || !b.likes || !b.ranked || !b.seen || !b.chances)
        give_up("recommender_cold", "no memory");
    learn(&b, learnt);
    bench_cold(&b, learnt, (uint64_t)(COLD * scale) + 1);
    bench_warm(&b, learnt + COLD, (uint64_t)(WARM * scale) + 1);
    rec_answer_done(b.answer);
    free(b.answer);
    free(b.likes);
    free(b.ranked);
    free(b.seen);
    free(b.chances);
    return 0;
}
