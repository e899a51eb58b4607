/* recent.c - see recent.h: a table of sets of four, the oldest of a set making room. */
#include "services/recommender-proxy/recent.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/intern.h"
#include "lib/base/text.h"

enum { SETS = 4096, WAYS = 4, SHOWN = 200 };

struct shown {
    uint64_t item; /* a hash of its id */
    float propensity;
};

struct visit {
    uint64_t visitor; /* a hash of the id; 0: empty */
    uint64_t used;
    char asked[RECENT_ASKED], id[RECENT_ID];
    struct shown *shown; /* [SHOWN], the last answer's first */
    size_t count;
};

struct recent {
    pthread_mutex_t lock;
    uint64_t clock;
    struct visit visits[SETS][WAYS];
};

struct recent *recent_new(struct err *err)
{
    struct recent *recent = calloc(1, sizeof *recent);

    if (!recent) {
        (void)err_set_nomem(err, "what was shown lately");
        return NULL;
    }
    (void)pthread_mutex_init(&recent->lock, NULL);
    return recent;
}

void recent_free(struct recent *recent)
{
    if (!recent)
        return;
    for (int i = 0; i < SETS; i++)
        for (int j = 0; j < WAYS; j++)
            free(recent->visits[i][j].shown);
    (void)pthread_mutex_destroy(&recent->lock);
    free(recent);
}

static struct visit *set_of(struct recent *recent, uint64_t visitor)
{
    return recent->visits[visitor / 2 % SETS]; /* the last bit is always set */
}

static struct visit *find(struct recent *recent, uint64_t visitor)
{
    struct visit *set = set_of(recent, visitor);

    for (int i = 0; i < WAYS; i++)
        if (set[i].visitor == visitor)
            return &set[i];
    return NULL;
}

static struct visit *make(struct recent *recent, uint64_t visitor)
{
    struct visit *set = set_of(recent, visitor), *oldest = set;

    for (int i = 1; i < WAYS; i++)
        if (set[i].used < oldest->used)
            oldest = &set[i];
    oldest->visitor = visitor;
    oldest->count = 0;
    oldest->asked[0] = oldest->id[0] = '\0';
    if (!oldest->shown)
        oldest->shown = malloc(SHOWN * sizeof *oldest->shown);
    return oldest->shown ? oldest : NULL;
}

static bool has(const struct shown *shown, size_t count, uint64_t item)
{
    for (size_t i = 0; i < count; i++)
        if (shown[i].item == item)
            return true;
    return false;
}

/* The answer's first pictures, then those of the answers before it as far as there is room. */
static void add(struct visit *visit, const struct rec_answer *answer)
{
    struct shown shown[SHOWN];
    size_t count = 0, answered;

    for (; count < answer->count && count < SHOWN / 2; count++)
        shown[count] = (struct shown){.item = intern_hash_text(answer->results[count].item_id),
                                      .propensity = (float)answer->results[count].propensity};
    answered = count;
    for (size_t i = 0; i < visit->count && count < SHOWN; i++)
        if (!has(shown, answered, visit->shown[i].item))
            shown[count++] = visit->shown[i];
    memcpy(visit->shown, shown, count * sizeof *shown);
    visit->count = count;
}

void recent_note(struct recent *recent, const char *user_id, const char *asked,
                 const char *recommendation_id, const struct rec_answer *answer)
{
    const uint64_t visitor = intern_hash_text(user_id) | 1;
    struct visit *visit;

    (void)pthread_mutex_lock(&recent->lock);
    visit = find(recent, visitor);
    if (!visit)
        visit = make(recent, visitor);
    if (visit) {
        visit->used = ++recent->clock;
        if (strcmp(visit->asked, asked) != 0 || strcmp(visit->id, recommendation_id) != 0)
            visit->count = 0;
        if (text_copy(visit->asked, sizeof visit->asked, asked) < 0)
            visit->asked[0] = '\0';
        if (text_copy(visit->id, sizeof visit->id, recommendation_id) < 0)
            visit->id[0] = '\0';
        add(visit, answer);
    }
    (void)pthread_mutex_unlock(&recent->lock);
}

static double propensity_of(const struct visit *visit, uint64_t item)
{
    for (size_t i = 0; i < visit->count; i++)
        if (visit->shown[i].item == item)
            return (double)visit->shown[i].propensity;
    return 0;
}

size_t recent_find(struct recent *recent, const char *user_id, const char *const *items,
                   size_t count, double *ret_propensities, struct recent_question *ret_question)
{
    const struct visit *visit;
    size_t known = 0;

    *ret_question = (struct recent_question){0};
    (void)pthread_mutex_lock(&recent->lock);
    visit = find(recent, intern_hash_text(user_id) | 1);
    for (size_t i = 0; i < count; i++) {
        ret_propensities[i] = visit ? propensity_of(visit, intern_hash_text(items[i])) : 0;
        known += ret_propensities[i] > 0;
    }
    if (visit) {
        memcpy(ret_question->asked, visit->asked, RECENT_ASKED);
        memcpy(ret_question->recommendation_id, visit->id, RECENT_ID);
    }
    (void)pthread_mutex_unlock(&recent->lock);
    return known;
}
