/* recommender_case.h - a small garden for the tests of the local engine: pictures, visitors,
 * acts and questions in one line each. */
#ifndef TESTS_UNIT_RECOMMENDER_CASE_H
#define TESTS_UNIT_RECOMMENDER_CASE_H

#include "lib/base/clock.h"
#include "services/recommender-proxy/rec_local.h"
#include "tests/test.h"

#define GARDEN_MAYBE static inline __attribute__((unused))
#define DAY_MS INT64_C(86400000)

/* A moment from which the cases count; pictures are of long before where nothing is said. */
#define THEN INT64_C(1700000000000)

GARDEN_MAYBE struct rec_local_conf garden_conf(float exploration)
{
    struct rec_local_conf conf = rec_local_defaults;

    conf.als.factors = 16;
    conf.als.sweeps = 6;
    conf.als.threads = 1;
    conf.exploration = exploration;
    return conf;
}

GARDEN_MAYBE struct rec_local *garden_new(float exploration)
{
    const struct rec_local_conf conf = garden_conf(exploration);
    struct err err = {0};
    struct rec_local *local = rec_local_new(&conf, &err);

    if (!local)
        TEST_FAIL("%s", err.text);
    return local;
}

/* sha256: any text that stands for the picture's bytes, or "". */
GARDEN_MAYBE void garden_item_at(struct rec_local *local, const char *id, int64_t time_ms,
                                 const char *sha256)
{
    const struct item_event event = {.item_id = id,
                                     .timestamp_ms = time_ms,
                                     .emotion = "",
                                     .orientation = 'h',
                                     .sha256 = sha256};
    struct err err = {0};

    CHECK_OK(rec_local_item(local, &event, &err), err);
}

GARDEN_MAYBE void garden_item(struct rec_local *local, const char *id)
{
    garden_item_at(local, id, THEN - 1000 * DAY_MS, "");
}

/* Somebody has looked at the picture. False: there is none that is unseen. */
GARDEN_MAYBE bool garden_look(struct rec_local *local, const char *id, struct image_look look)
{
    struct rec_unseen unseen;

    for (uint32_t at = 0; rec_local_next_unseen(local, &at, &unseen);) {
        if (strcmp(unseen.item_id, id) != 0)
            continue;
        rec_local_look(local, &unseen, &look);
        return true;
    }
    return false;
}

GARDEN_MAYBE void garden_remove(struct rec_local *local, const char *id)
{
    struct err err = {0};

    CHECK_OK(rec_local_remove(local, id, &err), err);
}

GARDEN_MAYBE void garden_user(struct rec_local *local, const char *id, const char *generation,
                              const char *gender)
{
    const struct user_event event = {.user_id = id,
                                     .generation = generation,
                                     .gender = gender,
                                     .emotion = "happy",
                                     .source = ""};
    struct err err = {0};

    CHECK_OK(rec_local_user(local, &event, &err), err);
}

/* shown: texts that end with NULL, or NULL. */
GARDEN_MAYBE void garden_act_shown(struct rec_local *local, const char *user,
                                   enum interaction_type type, const char *item,
                                   int64_t time_ms, const char *const *shown)
{
    struct interaction_event event = {.user_id = user,
                                      .item_id = item,
                                      .type = type,
                                      .impression = shown,
                                      .timestamp_ms = time_ms,
                                      .event_id = "1",
                                      .asked = "",
                                      .recommendation_id = ""};
    struct err err = {0};

    while (shown && shown[event.impression_count])
        event.impression_count++;
    CHECK_OK(rec_local_interaction(local, &event, &err), err);
}

GARDEN_MAYBE void garden_act(struct rec_local *local, const char *user,
                             enum interaction_type type, const char *item, int64_t time_ms)
{
    garden_act_shown(local, user, type, item, time_ms, NULL);
}

GARDEN_MAYBE void garden_train(struct rec_local *local)
{
    struct err err = {0};

    CHECK_OK(rec_local_train(local, NULL, NULL, &err), err);
}

GARDEN_MAYBE int garden_ask(struct rec_local *local, const struct rec_query *query,
                            struct rec_answer *answer, struct err *err)
{
    struct rec_engine *engine = rec_local_engine(local);
    struct rec_query asked = *query;

    asked.user_id = asked.user_id ? asked.user_id : "nobody";
    asked.emotion = asked.emotion ? asked.emotion : "happy";
    asked.generation = asked.generation ? asked.generation : "";
    asked.gender = asked.gender ? asked.gender : "";
    asked.count = asked.count ? asked.count : REC_COUNT_MAX;
    return engine->recommend(engine, &asked, clock_mono_ms() + 1000, answer, err);
}

/* The answer to a question of which only what matters is said; it stays until the next one. */
GARDEN_MAYBE const struct rec_answer *garden_answer(struct rec_local *local,
                                                    struct rec_query query)
{
    static struct rec_answer answer;
    struct err err = {0};

    CHECK_OK(garden_ask(local, &query, &answer, &err), err);
    return &answer;
}

#define ASK(local_, ...) garden_answer((local_), (struct rec_query){__VA_ARGS__})

/* Where the picture is in the answer, from 0; -1: it is not there. */
GARDEN_MAYBE int garden_place(const struct rec_answer *answer, const char *item)
{
    for (size_t i = 0; i < answer->count; i++)
        if (strcmp(answer->results[i].item_id, item) == 0)
            return (int)i;
    return -1;
}

/* "emotions/happy/<favorite>/<i>h.jpeg", of eight that take turns. */
GARDEN_MAYBE const char *garden_key(const char *favorite, int i)
{
    static char keys[8][160];
    static int turn;
    char *key = keys[turn++ % 8];

    (void)snprintf(key, sizeof *keys, "emotions/happy/%s%s%d%c.jpeg", favorite,
                   *favorite ? "/" : "", i, i % 2 ? 'v' : 'h');
    return key;
}

GARDEN_MAYBE const char *garden_name(const char *word, int i)
{
    static char names[8][64];
    static int turn;
    char *name = names[turn++ % 8];

    (void)snprintf(name, sizeof *names, "%s%d", word, i);
    return name;
}

#endif
