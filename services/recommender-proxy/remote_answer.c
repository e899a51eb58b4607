/* remote_answer.c - see remote_answer.h. */
#include "services/recommender-proxy/remote_answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/base/text.h"
#include "lib/json/json.h"
#include "proto/key.h"
#include "services/recommender-proxy/gorse_id.h"

void remote_answer_clear(struct rec_answer *answer)
{
    answer->count = 0;
    answer->recommendation_id[0] = '\0';
    buf_clear(&answer->storage);
}

size_t remote_mood_size(const char *emotion)
{
    const size_t size = strcspn(emotion, "/");

    return emotion_is_known(emotion, size) ? size : 0;
}

/* One answer on its way into another. Texts are in the storage, which moves while it grows:
 * until the end item_id is not set, and their places are here. */
struct reading {
    const struct rec_query *query;
    struct rec_answer *answer;
    struct map *seen;
    size_t places[REC_COUNT_MAX];
    size_t well_formed; /* entries, whether they were wanted or not */
};

static bool is_wanted(const struct rec_query *query, const struct key *key)
{
    const size_t mood = remote_mood_size(query->emotion);

    if (key->area != KEY_GARDEN ||
        (query->orientation && query->orientation != key->orientation))
        return false;
    return mood == 0 || (remote_mood_size(key->search_key) == mood &&
                         memcmp(key->search_key, query->emotion, mood) == 0);
}

static int add_result(struct reading *reading, const char *id, double score, struct err *err)
{
    struct rec_answer *answer = reading->answer;
    const size_t size = strlen(id);
    struct rec_result *result;

    if (map_get(reading->seen, id, size))
        return 0;
    if (map_put(reading->seen, id, size, reading->seen) < 0)
        return err_set_nomem(err, "recommendations");
    result = &answer->results[answer->count];
    *result = (struct rec_result){.score = isfinite(score) ? score
                                                           : 1.0 / (double)(answer->count + 1)};
    reading->places[answer->count++] = answer->storage.size;
    buf_append(&answer->storage, id, size + 1);
    return 0;
}

/* One entry. id NULL: it has none of ours; score NAN: it has none. */
static int add_entry(struct reading *reading, const char *id, double score, struct err *err)
{
    struct err ignored = {0};
    struct key key;

    if (reading->answer->count >= reading->query->count ||
        reading->answer->count >= REC_COUNT_MAX)
        return 0;
    if (!id || key_parse(id, strlen(id), &key, &ignored) < 0 ||
        !is_wanted(reading->query, &key))
        return 0;
    return add_result(reading, id, score, err);
}

static double score_of(const json_t *entry, const char *name)
{
    const json_t *score = json_object_get(entry, name);

    return json_is_number(score) ? json_number_value(score) : NAN;
}

static int add_personalize(struct reading *reading, const json_t *root, struct err *err)
{
    json_t *list;

    if (json_get_array(root, "itemList", &list, err) < 0)
        return err->code;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const char *id = json_string_value(json_object_get(entry, "itemId"));

        reading->well_formed += id != NULL;
        if (add_entry(reading, id, score_of(entry, "score"), err) < 0)
            return err->code;
    }
    if (json_array_size(list) > 0 && reading->well_formed == 0)
        return err_set(err, ERR_INVALID, "not one of itemList has an itemId");
    return 0;
}

/* The key that stands behind an id; NULL where it is none of ours. */
static const char *plain_id(const char *id, struct buf *plain)
{
    struct err ignored = {0};

    buf_clear(plain);
    return id && gorse_id_read(plain, id, &ignored) == 0 ? buf_text(plain) : NULL;
}

static int add_gorse(struct reading *reading, const json_t *root, struct err *err)
{
    OWNED_VALUE(buf) plain = {0};

    if (!json_is_array(root))
        return err_set(err, ERR_INVALID, "it is no list");
    for (size_t i = 0; i < json_array_size(root); i++) {
        const json_t *entry = json_array_get(root, i);
        const json_t *id = json_is_object(entry) ? json_object_get(entry, "Id") : entry;

        reading->well_formed += json_is_string(id);
        if (add_entry(reading, plain_id(json_string_value(id), &plain),
                      score_of(entry, "Score"), err) < 0)
            return err->code;
    }
    if (json_array_size(root) > 0 && reading->well_formed == 0)
        return err_set(err, ERR_INVALID, "not one entry is an item's id");
    return 0;
}

/* What other answers have put there counts as seen. */
static int start(struct reading *reading, struct err *err)
{
    const struct rec_answer *answer = reading->answer;

    reading->seen = map_new();
    for (size_t i = 0; reading->seen && i < answer->count; i++) {
        const char *id = answer->results[i].item_id;

        reading->places[i] = (size_t)(id - answer->storage.data);
        if (map_put(reading->seen, id, strlen(id), reading->seen) < 0)
            return err_set_nomem(err, "recommendations");
    }
    return reading->seen ? 0 : err_set_nomem(err, "recommendations");
}

/* Also after a failure, when the count is what it was. */
static void place_texts(struct reading *reading)
{
    struct rec_answer *answer = reading->answer;

    for (size_t i = 0; i < answer->count; i++)
        answer->results[i].item_id = answer->storage.data + reading->places[i];
}

typedef int add_fn(struct reading *reading, const json_t *root, struct err *err);

/* ret_root: for what else there is in it. */
static int read_answer(const void *body, size_t size, struct reading *reading, add_fn *add,
                       json_t **ret_root, struct err *err)
{
    const size_t count = reading->answer->count;
    struct err why = {0};

    if (start(reading, &why) == 0) {
        *ret_root = json_parse(body, size, &why);
        if (*ret_root && add(reading, *ret_root, &why) == 0 &&
            !buf_ok(&reading->answer->storage))
            err_set_nomem(&why, "recommendations");
    }
    if (why.code)
        reading->answer->count = count;
    place_texts(reading);
    map_free(reading->seen);
    if (why.code == ERR_NOMEM)
        return err_set(err, ERR_NOMEM, "%s", why.text);
    if (why.code)
        return err_set(err, ERR_REMOTE, "the answer is no recommendation: %s", why.text);
    return 0;
}

/* A name for a list, to be told again with what becomes of it: kept only where it is plain. */
static void keep_name(const json_t *root, struct rec_answer *answer)
{
    const char *name = json_string_value(json_object_get(root, "recommendationId"));

    for (const char *c = name; c && *c; c++)
        if (*c <= ' ' || *c > '~')
            return;
    if (name)
        (void)text_copy(answer->recommendation_id, sizeof answer->recommendation_id, name);
}

int remote_answer_personalize(const void *body, size_t size, const struct rec_query *query,
                              struct rec_answer *answer, struct err *err)
{
    struct reading reading = {.query = query, .answer = answer};
    OWNED_JSON root = NULL;

    if (read_answer(body, size, &reading, add_personalize, &root, err) < 0)
        return err->code;
    keep_name(root, answer);
    return 0;
}

int remote_answer_gorse(const void *body, size_t size, const struct rec_query *query,
                        struct rec_answer *answer, struct err *err)
{
    struct reading reading = {.query = query, .answer = answer};
    OWNED_JSON root = NULL;

    return read_answer(body, size, &reading, add_gorse, &root, err);
}
