#include "tests/support/rec_engine.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "tests/support/figure.h"

enum { KEY_TEXT = 64, START_MS = 1700000000 };

#define ITEM_PREFIX "emotions/calm/img_"

static void item_key(uint32_t item, char ret[KEY_TEXT])
{
    (void)snprintf(ret, KEY_TEXT, ITEM_PREFIX "%08u_0h.jpeg", item);
}

static uint32_t item_of(const char *key)
{
    return (uint32_t)strtoul(key + strlen(ITEM_PREFIX), NULL, 10);
}

static void user_key(uint32_t user, char ret[KEY_TEXT])
{
    (void)snprintf(ret, KEY_TEXT, "user-%u", user);
}

static int tell_items(struct rec_local *local, const struct rec_split *split, struct err *err)
{
    for (uint32_t i = 0; i < split->items; i++) {
        char key[KEY_TEXT], sha256[65];
        struct item_event event = {.item_id = key,
                                   .timestamp_ms = START_MS * 1000LL,
                                   .emotion = "calm",
                                   .orientation = 'h',
                                   .width = 1280,
                                   .height = 800,
                                   .size_bytes = 200000,
                                   .sha256 = sha256};

        item_key(i, key);
        (void)snprintf(sha256, sizeof sha256, "%064llx", i * 0x9E3779B97F4A7C15ULL);
        if (rec_local_item(local, &event, err) < 0)
            return err->code;
    }
    return 0;
}

static int tell_likes(struct rec_local *local, const struct rec_split *split, struct err *err)
{
    for (uint32_t u = 0; u < split->users; u++)
        for (uint64_t k = split->train.start[u]; k < split->train.start[u + 1]; k++) {
            char user[KEY_TEXT], item[KEY_TEXT], event_id[KEY_TEXT];
            const struct interaction_event event = {.user_id = user,
                                                    .item_id = item,
                                                    .type = INTERACTION_LIKE,
                                                    .timestamp_ms =
                                                        START_MS * 1000LL + (int64_t)k,
                                                    .event_id = event_id,
                                                    .asked = "",
                                                    .recommendation_id = ""};

            user_key(u, user);
            item_key(split->train.items[k], item);
            (void)snprintf(event_id, sizeof event_id, "%llu", (unsigned long long)k);
            if (rec_local_interaction(local, &event, err) < 0)
                return err->code;
        }
    return 0;
}

static bool liked(const struct rec_split *split, uint32_t user, uint32_t item)
{
    for (uint64_t k = split->train.start[user]; k < split->train.start[user + 1]; k++)
        if (split->train.items[k] == item)
            return true;
    return false;
}

static int ask(struct rec_engine *engine, const struct rec_split *split, size_t asked,
               struct rec_answer *answer, uint32_t *ret_row, struct err *err)
{
    char user[KEY_TEXT];
    const struct rec_query query = {.user_id = user,
                                    .emotion = "calm",
                                    .generation = "",
                                    .gender = "",
                                    .count = REC_COUNT_MAX};
    size_t place = 0;

    user_key(split->asked[asked], user);
    if (engine->recommend(engine, &query, clock_mono_ms() + 60000, answer, err) < 0)
        return err->code;
    for (size_t i = 0; i < answer->count && place < REC_TOP; i++) {
        uint32_t item = item_of(answer->results[i].item_id);

        if (!liked(split, split->asked[asked], item))
            ret_row[place++] = item;
    }
    for (; place < REC_TOP; place++)
        ret_row[place] = REC_NONE;
    return 0;
}

int rec_engine_try(const struct rec_local_conf *conf, const struct rec_split *split,
                   uint32_t *ret_ranking, struct rec_metrics *ret_metrics, struct err *err)
{
    OWNED(rec_local) local = rec_local_new(conf, err);
    struct rec_answer *answer = calloc(1, sizeof *answer);
    double start, seconds;

    if (!answer)
        (void)err_set_nomem(err, "an answer");
    if (!local || !answer || tell_items(local, split, err) < 0 ||
        tell_likes(local, split, err) < 0) {
        free(answer);
        return err->code;
    }
    start = figure_now_s();
    (void)rec_local_train(local, NULL, NULL, err);
    seconds = figure_now_s() - start;
    for (size_t a = 0; a < split->asked_count && err->code == 0; a++)
        (void)ask(rec_local_engine(local), split, a, answer, ret_ranking + a * REC_TOP, err);
    rec_answer_done(answer);
    free(answer);
    if (err->code < 0)
        return err->code;
    *ret_metrics = rec_judge(split, ret_ranking);
    ret_metrics->seconds = seconds;
    return 0;
}
