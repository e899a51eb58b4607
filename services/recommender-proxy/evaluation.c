/* evaluation.c - see evaluation.h. */
#include "services/recommender-proxy/evaluation.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/intern.h"
#include "services/recommender-proxy/intake.h"
#include "services/recommender-proxy/marks.h"

enum { BATCH = 10000, PARTITIONS = 256, ASK_MS = 5000 };

struct work {
    const struct evaluation_conf *conf;
    struct rec_local *local;
    struct buf storage;
    int64_t cut_ms;    /* acts before it are learnt from */
    int64_t *times_ms; /* of all acts */
    size_t count, room;
    bool judges;
    struct intern *told; /* visitor and event id of each act that was judged */
    struct rec_off_policy sums;
    struct evaluation_result result;
    double likes;
};

/* -- reading whole topics -- */

typedef int take_fn(void *ctx, const struct bus_record *record, struct err *err);

static int go_on(const struct work *work, double done, struct err *err)
{
    if (work->conf->go_on && !work->conf->go_on(work->conf->ctx, done))
        return err_set(err, ERR_TIMEOUT, "it was ended");
    return 0;
}

static int read_partition(struct work *work, const char *topic,
                          const struct bus_partition_info *info, take_fn *take, double done,
                          struct err *err)
{
    for (int64_t at = info->low; at < info->high;) {
        int read =
            bus_read(work->conf->bus, topic, info->partition, at, BATCH, take, work, err);

        if (read < 0)
            return err->code;
        if (read == 0)
            break;
        at += read; /* gaps of compaction are read again, which changes nothing */
        if (go_on(work, done, err) < 0)
            return err->code;
    }
    return 0;
}

static int read_topic(struct work *work, const char *topic, take_fn *take, double from,
                      double to, struct err *err)
{
    struct bus_partition_info infos[PARTITIONS];
    const int count = bus_topic_info(work->conf->bus, topic, infos, PARTITIONS, ASK_MS, err);

    for (int i = 0; i < count; i++)
        if (read_partition(work, topic, &infos[i], take, from + (to - from) * i / count, err) <
            0)
            return err_wrap(err, "reading %s", topic);
    return count < 0 ? count : 0;
}

/* -- the parts of the log -- */

static int take_item(void *ctx, const struct bus_record *record, struct err *err)
{
    struct work *work = ctx;

    return intake_item(work->local, record, &work->storage, NULL, err);
}

static int take_user(void *ctx, const struct bus_record *record, struct err *err)
{
    struct work *work = ctx;

    return intake_user(work->local, record, &work->storage, err);
}

/* False: it is none. */
static bool read_act(struct work *work, const struct bus_record *record,
                     struct interaction_event *ret_event)
{
    struct err ignored = {0};

    return record->value && intake_read_act(record, ret_event, &work->storage, &ignored) == 0;
}

static int note_time(void *ctx, const struct bus_record *record, struct err *err)
{
    struct work *work = ctx;
    struct interaction_event event;

    if (!read_act(work, record, &event))
        return 0;
    if (work->count == work->room) {
        const size_t room = work->room ? work->room * 2 : 1024;
        int64_t *more = realloc(work->times_ms, room * sizeof *more);

        if (!more)
            return err_set_nomem(err, "the log's times");
        work->times_ms = more;
        work->room = room;
    }
    work->times_ms[work->count++] = event.timestamp_ms;
    return 0;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

    return one < other ? -1 : one > other;
}

static int learn_act(void *ctx, const struct bus_record *record, struct err *err)
{
    struct work *work = ctx;
    struct interaction_event event;

    if (!read_act(work, record, &event) || event.timestamp_ms >= work->cut_ms)
        return 0;
    return rec_local_interaction(work->local, &event, err);
}

/* -- judging -- */

static int judge(struct work *work, const struct interaction_event *event, struct err *err)
{
    const struct rec_query query = {
        .user_id = event->user_id, .emotion = event->asked, .generation = "", .gender = ""};
    struct rec_judged judged[INTERACTION_IMPRESSION_MAX];
    const bool liked = event->type == INTERACTION_LIKE;

    if (rec_local_judge(work->local, &query, event->impression, event->impression_count, judged,
                        err) < 0)
        return err->code;
    for (size_t i = 0; i < event->impression_count; i++) {
        const bool earned = liked && strcmp(event->impression[i], event->item_id) == 0;
        const struct rec_logged logged = {.propensity = event->propensities[i],
                                          .target = judged[i].probability,
                                          .reward = earned,
                                          .estimate_logged = judged[i].estimate,
                                          .estimate_target = judged[i].earns};

        if (event->propensities[i] <= 0)
            continue;
        if (rec_off_policy_add(&work->sums, &logged, err) < 0)
            return err->code;
        work->result.judged_places++;
        work->likes += earned;
    }
    work->result.judged_acts++;
    return 0;
}

/* Acts that were told twice are one act. */
static int is_repeat(struct work *work, const struct interaction_event *event, bool *ret_repeat,
                     struct err *err)
{
    const uint32_t count = intern_count(work->told);
    OWNED_VALUE(buf) id = {0};
    uint32_t number;

    buf_printf(&id, "%s\n%s", event->user_id, event->event_id);
    number = buf_ok(&id) ? intern_add(work->told, buf_text(&id)) : INTERN_NONE;
    if (number == INTERN_NONE)
        return err_set_nomem(err, "the acts that were judged");
    *ret_repeat = number < count;
    return 0;
}

static int judge_act(void *ctx, const struct bus_record *record, struct err *err)
{
    struct work *work = ctx;
    struct interaction_event event;
    bool repeat = false;

    if (!read_act(work, record, &event) || event.timestamp_ms < work->cut_ms)
        return 0;
    if (is_repeat(work, &event, &repeat, err) < 0)
        return err->code;
    if (repeat)
        return 0;
    if (event.propensity_count == 0 || !*event.asked)
        work->result.unknown++;
    else if (judge(work, &event, err) < 0)
        return err->code;
    return rec_local_interaction(work->local, &event, err);
}

/* -- the whole -- */

static bool train_goes_on(void *ctx, double done)
{
    const struct work *work = ctx;

    return !work->conf->go_on || work->conf->go_on(work->conf->ctx, 0.3 + 0.4 * done);
}

static int cut(struct work *work, struct err *err)
{
    if (work->count == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "garden.interactions is empty: visitors have to like "
                       "something before a policy can be judged");
    qsort(work->times_ms, work->count, sizeof *work->times_ms, compare_times);
    work->cut_ms =
        work->times_ms[(size_t)((double)(work->count - 1) * work->conf->learn_share)];
    work->result.acts = work->count;
    return 0;
}

static int go_through(struct work *work, struct err *err)
{
    if (read_topic(work, intake_topics[INTAKE_ITEMS], take_item, 0, 0.05, err) < 0 ||
        read_topic(work, intake_topics[INTAKE_USERS], take_user, 0.05, 0.1, err) < 0 ||
        read_topic(work, intake_topics[INTAKE_INTERACTIONS], note_time, 0.1, 0.2, err) < 0 ||
        cut(work, err) < 0 ||
        read_topic(work, intake_topics[INTAKE_INTERACTIONS], learn_act, 0.2, 0.3, err) < 0 ||
        rec_local_train(work->local, train_goes_on, work, err) < 0)
        return err->code;
    return read_topic(work, intake_topics[INTAKE_INTERACTIONS], judge_act, 0.7, 1, err);
}

static int conclude(struct work *work, struct err *err)
{
    if (work->result.judged_places == 0)
        return err_set(
            err, ERR_NOT_FOUND,
            "none of the %llu acts that would be judged says with which propensities "
            "its pictures were shown: that is known of pictures that this "
            "recommender's answers had, within some thousand visits",
            (unsigned long long)work->result.unknown);
    work->result.logged = work->likes / (double)work->result.judged_places;
    return rec_off_policy_result(&work->sums, &work->result.policy, err);
}

int evaluation_run(const struct evaluation_conf *conf, struct evaluation_result *ret_result,
                   struct err *err)
{
    struct work *work = calloc(1, sizeof *work);
    int r;

    if (!work)
        return err_set_nomem(err, "an evaluation");
    work->conf = conf;
    work->sums.clip = conf->clip;
    work->local = rec_local_new(&conf->policy, err);
    work->told = intern_new();
    if (work->local && !work->told)
        (void)err_set_nomem(err, "an evaluation");
    r = err->code ? err->code : go_through(work, err);
    if (r == 0)
        r = conclude(work, err);
    if (r == 0)
        *ret_result = work->result;
    rec_local_free(work->local);
    intern_free(work->told);
    buf_done(&work->storage);
    free(work->times_ms);
    free(work);
    return r;
}
