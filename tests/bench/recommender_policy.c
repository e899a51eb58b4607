/* recommender_policy.c - how far estimates by the log are off: of a policy that never ran, on a
 * made-up garden where what it would have earned is known (tests/support/visitors.h).
 *
 * The log shows pictures blindly, or by how popular they were. The policy to be judged chooses
 * within the mood with a chance in proportion to exp(1.5 (parts of the favourite that match) +
 * q), q what an earlier log says of the picture's quality. An act is the first picture of a
 * round, its reward 1 where it was liked. The true value is the mean chance of a like, over the
 * same rounds and all pictures.
 *
 * For each log and each of IPS, SNIPS and DR (lib/rec/off_policy.h): the error in percent of
 * the true value, and in standard errors. DR's model is what the earlier log says: like rates
 * of pictures and of parts that match, as odds. */
#include <math.h>
#include <stdio.h>

#include "lib/rec/off_policy.h"
#include "tests/support/figure.h"
#include "tests/support/visitors.h"

enum { ITEMS = 1024, EARLIER = 10000, LOGGED = 20000, PARTS = 4 };

#define SHARPNESS 1.5
#define PRIOR 10.0 /* acts of the mean rate that are added to each rate */

struct rate {
    double shown, liked;
};

struct bench {
    const struct visitors *v;
    struct rate items[ITEMS], parts[PARTS], all; /* of the earlier log */
    double odds[ITEMS], part_odds[PARTS];        /* log-odds above those of all */
    bool seen[ITEMS];
    double weights[ITEMS];
    struct rec_off_policy sums;
    double value; /* sum over rounds */
};

static void check(int r, const struct err *err)
{
    if (r < 0 || err->code < 0)
        give_up("recommender_policy", err->text);
}

static double log_odds(double p)
{
    return log(p / (1 - p));
}

/* How many of season, weather and time are what the visitor asked for: as a service would see
 * it, from the keys. */
static int matches(const struct visit *visit, const struct item_event *item)
{
    const char *a = strchr(visit->asked, '/') + 1, *b = strchr(item->emotion, '/') + 1;
    int count = 0;

    for (int part = 0; part < PARTS - 1; part++) {
        size_t m = strcspn(a, ","), n = strcspn(b, ",");

        count += m == n && memcmp(a, b, m) == 0;
        a += m + 1;
        b += n + 1;
    }
    return count;
}

/* -- what the earlier log says --------------------------------------------------------------
 */

static void count(struct rate *rate, bool liked)
{
    rate->shown++;
    rate->liked += liked;
}

static void take_earlier(void *ctx, const struct visitors_round *round)
{
    struct bench *b = ctx;

    for (int i = 0; i < VISITORS_SHOWN; i++) {
        uint32_t item = round->shown[i];
        count(&b->items[item], round->liked[i]);
        count(&b->parts[matches(round->visit, visitors_item(b->v, item))], round->liked[i]);
        count(&b->all, round->liked[i]);
    }
}

static double odds_above(const struct bench *b, const struct rate *rate)
{
    double mean = b->all.liked / b->all.shown;

    return log_odds((rate->liked + PRIOR * mean) / (rate->shown + PRIOR)) - log_odds(mean);
}

static void learn(struct bench *b, uint64_t visitors)
{
    struct err err = {0};

    check(visitors_log(b->v,
                       &(struct visitors_log){.policy = VISITORS_UNIFORM,
                                              .count = visitors,
                                              .on_round = take_earlier,
                                              .ctx = b},
                       &err),
          &err);
    for (uint32_t i = 0; i < ITEMS; i++)
        b->odds[i] = odds_above(b, &b->items[i]);
    for (int p = 0; p < PARTS; p++)
        b->part_odds[p] = odds_above(b, &b->parts[p]);
}

static double estimate(const struct bench *b, const struct visit *visit, uint32_t item)
{
    double z = log_odds(b->all.liked / b->all.shown) + b->odds[item] +
               b->part_odds[matches(visit, visitors_item(b->v, item))];

    return 1 / (1 + exp(-z));
}

/* -- the log that is judged by ---------------------------------------------------------------
 */

/* Of the pictures that the log could have shown: the policy's chances. */
static double weigh(struct bench *b, const struct visitors_round *round)
{
    double sum = 0;

    for (uint32_t i = 0; i < ITEMS; i++) {
        const struct item_event *item = visitors_item(b->v, i);
        bool there = visitors_item_mood(b->v, i) == round->visit->mood && !b->seen[i] &&
                     item->timestamp_ms <= round->time_ms;

        b->weights[i] = there ? exp(SHARPNESS * matches(round->visit, item) + b->odds[i]) : 0;
        sum += b->weights[i];
    }
    return sum;
}

static void take_round(void *ctx, const struct visitors_round *round)
{
    struct bench *b = ctx;
    struct rec_logged act = {.propensity = round->propensity[0], .reward = round->liked[0]};
    struct err err = {0};
    double sum;

    if (round->number == 0)
        memset(b->seen, 0, sizeof b->seen);
    sum = weigh(b, round);
    for (uint32_t i = 0; i < ITEMS; i++) {
        double q = b->weights[i] / sum;

        if (q > 0) {
            b->value += q * visitors_chance(b->v, round->visit, i);
            act.estimate_target += q * estimate(b, round->visit, i);
        }
    }
    act.target = b->weights[round->shown[0]] / sum;
    act.estimate_logged = estimate(b, round->visit, round->shown[0]);
    check(rec_off_policy_add(&b->sums, &act, &err), &err);
    for (int i = 0; i < VISITORS_SHOWN; i++)
        b->seen[round->shown[i]] = true;
}

/* limit: most that it may be off, in percent; 0: it is only said. */
static void print(const char *log, const char *name, struct rec_estimate e, double truth,
                  double limit)
{
    double percent = 100 * fabs(e.value - truth) / truth;
    char text[96];

    (void)snprintf(text, sizeof text, "policy-%s-%s-error", log, name);
    if (limit > 0)
        figure(text, percent, "% of the truth", AT_MOST, limit);
    else
        figure_seen(text, percent, "% of the truth");
    (void)snprintf(text, sizeof text, "policy-%s-%s-error-in-standard-errors", log, name);
    figure(text, fabs(e.value - truth) / e.standard_error, "standard errors", AT_MOST, 3);
}

static void judge(struct bench *b, const char *name, enum visitors_policy policy,
                  uint64_t first, uint64_t visitors)
{
    struct rec_off_policy_result r;
    struct err err = {0};
    char text[96];
    double truth;

    b->sums = (struct rec_off_policy){0};
    b->value = 0;
    check(visitors_log(b->v,
                       &(struct visitors_log){.policy = policy,
                                              .first = first,
                                              .count = visitors,
                                              .on_round = take_round,
                                              .ctx = b},
                       &err),
          &err);
    check(rec_off_policy_result(&b->sums, &r, &err), &err);
    truth = b->value / (double)r.count;
    (void)snprintf(text, sizeof text, "policy-%s-truth", name);
    figure_seen(text, truth, "liked");
    (void)snprintf(text, sizeof text, "policy-%s-effective-sample", name);
    figure_seen(text, r.effective_sample_size, "acts");
    print(name, "ips", r.ips, truth, 0);
    print(name, "snips", r.snips, truth, 10);
    print(name, "dr", r.dr, truth, 5);
    (void)fprintf(stderr,
                  "  %s: truth %.4f, ips %.4f +- %.4f, snips %.4f +- %.4f, dr %.4f +- %.4f, "
                  "%llu acts, mean weight %.3f\n",
                  name, truth, r.ips.value, r.ips.standard_error, r.snips.value,
                  r.snips.standard_error, r.dr.value, r.dr.standard_error,
                  (unsigned long long)r.count, r.mean_weight);
}

int main(void)
{
    double scale = figure_scale();
    uint64_t earlier = (uint64_t)(EARLIER * scale), logged = (uint64_t)(LOGGED * scale);
    struct err err = {0};
    OWNED(visitors)
    v = visitors_new(
        &(struct visitors_conf){
            .items = ITEMS, .seed = 2, .start_ms = 1767225600000, .days = 60},
        &err);
    struct bench *b = calloc(1, sizeof *b);

    check(0, &err);
    if (!b)
        give_up("recommender_policy", "no memory");
    b->v = v;
    learn(b, earlier);
    judge(b, "uniform", VISITORS_UNIFORM, earlier, logged);
    judge(b, "popular", VISITORS_POPULAR, earlier + logged, logged);
    free(b);
    return 0;
}
