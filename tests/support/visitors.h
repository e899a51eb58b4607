/* visitors.h - a garden and its visitors, made up: what they like is known, so that it can be
 * told how well a recommender finds it out.
 *
 * A picture i has a search key (mood e, season s, weather w, time of day t), an orientation, a
 * quality q(i) ~ N(0, 1) and a style, a vector of VISITORS_STYLE numbers, each of variance 1:
 *
 *   v(i) = sqrt(.2) mood[e] + sqrt(.2) season[s] + sqrt(.6) own(i)
 *
 * Keys are dealt out evenly. A fifth of the pictures is born during the period of the log.
 *
 * A visit u has a mood, a favourite (season, weather, time of day), a generation and a gender
 * (both unknown to the garden for a quarter of the visitors) and a taste:
 *
 *   taste(u) = GROUP g + SEASON f[season] + PERSONAL p(u)
 *
 * where g, f and p are vectors of expected length 1, so that each one's product with a style
 * has variance 1: p(u) is the visitor's own; f of the favourite's season; g of the group in its
 * mood: sqrt(.3) of the generation (neighbours are alike: correlation .7), sqrt(.2) of the
 * gender, sqrt(.2) of the mood, sqrt(.3) of the three together. Nobody but the simulator knows
 * any of these.
 *
 * The chance that the visitor likes a picture that is shown is logistic(z),
 *
 *   z = base + QUALITY q(i) + taste(u) . v(i)
 *       + MATCH_SEASON [same season] + MATCH_WEATHER [...] + MATCH_TIME [...]
 *       - OTHER_MOOD [the picture is of another mood than the visitor's]
 *
 * base is set so that a picture of the visitor's own mood, chosen blindly, is liked with
 * VISITORS_BASE_RATE. With the constants below, z varies within a mood with a standard
 * deviation of about 1.5, of that variance about
 *
 *   13 % quality, 34 % the group's taste, 15 % the season's, 15 % that parts of the favourite
 *   match, 23 % the visitor's own taste (which only the visitor's likes can tell)
 *
 * and noise beyond that: a like is a coin that falls with this chance.
 *
 * A visitor is shown three pictures at a time, likes each of them by its chance, or none, which
 * is a skip ("next"), and goes on for 3 to 8 rounds. One in five comes again, 1 to 30 days
 * later, in another mood.
 *
 * All of it follows from the seed; a visitor from the seed and its number, whoever asked
 * before. Thread-safe once made. */
#ifndef TESTS_SUPPORT_VISITORS_H
#define TESTS_SUPPORT_VISITORS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "proto/interaction_event.h"
#include "proto/item_event.h"
#include "proto/key.h"
#include "proto/user_event.h"

enum { VISITORS_STYLE = 16, VISITORS_SHOWN = 3, VISITORS_FAVORITES = 64 };

#define VISITORS_BASE_RATE 0.15
#define VISITORS_QUALITY 0.55
#define VISITORS_GROUP 0.9
#define VISITORS_SEASON 0.6
#define VISITORS_PERSONAL 0.75
#define VISITORS_MATCH_SEASON 1.0
#define VISITORS_MATCH_WEATHER 0.7
#define VISITORS_MATCH_TIME 0.7
#define VISITORS_OTHER_MOOD 2.0

struct visitors_conf {
    uint32_t items; /* at least 512, so that each key of a mood has some */
    uint64_t seed;
    int64_t start_ms; /* of the period that the log is of */
    int days;
};

struct visitors; /* the garden, and what its visitors have in common */

struct visitors *visitors_new(const struct visitors_conf *conf, struct err *err);
void visitors_free(struct visitors *v);
DEFINE_OWNED(visitors)

/* As ingestion would tell of it; borrowed. */
const struct item_event *visitors_item(const struct visitors *v, uint32_t item);
uint32_t visitors_item_count(const struct visitors *v);
int visitors_item_mood(const struct visitors *v, uint32_t item); /* index in emotion_names */

/* One visit. The texts are what the garden gets to know. */
struct visit {
    uint64_t visitor;
    int number; /* 0: the first time */
    int64_t start_ms;
    int rounds;
    int mood; /* index in emotion_names */
    int season, weather, time;
    char user_id[32];
    char asked[64];         /* the search key: "happy/spring,sunny,day" */
    const char *generation; /* "" where it is not known; so gender */
    const char *gender;
    float taste[VISITORS_STYLE];
};

/* number: 0, or 1 where visitors_comes_again. */
void visitors_visit(const struct visitors *v, uint64_t visitor, int number,
                    struct visit *ret_visit);
bool visitors_comes_again(const struct visitors *v, uint64_t visitor);

/* What the garden learns as the visit begins; borrows from visit. */
struct user_event visitors_user_event(const struct visit *visit);

/* The true chance of a like. */
double visitors_chance(const struct visitors *v, const struct visit *visit, uint32_t item);

/* -- a log of what happened ---------------------------------------------------------------- */

/* Pictures of the visitor's mood that are born and were not shown in this visit yet; one after
 * the other. */
enum visitors_policy {
    VISITORS_UNIFORM,
    VISITORS_POPULAR, /* with a chance in proportion to 1 + likes so far */
};

struct visitors_round {
    const struct visit *visit;
    int number;
    int64_t time_ms;
    uint32_t shown[VISITORS_SHOWN];
    double propensity[VISITORS_SHOWN]; /* of being chosen, given those before it */
    bool liked[VISITORS_SHOWN];
};

struct visitors_log {
    enum visitors_policy policy;
    uint64_t first, count; /* which visitors */
    /* In order of time. A visit's rounds come with number 0, 1, ... */
    void (*on_round)(void *ctx, const struct visitors_round *round);
    void *ctx;
};

int visitors_log(const struct visitors *v, const struct visitors_log *log, struct err *err);

/* The round as acts: a like for each that was liked, or else one skip, with all that was shown
 * as impression. fn gets each; what it points to is borrowed for the call. */
void visitors_acts(const struct visitors *v, const struct visitors_round *round,
                   void (*fn)(void *ctx, const struct interaction_event *event), void *ctx);

#endif
