/* answers_gardens.c - see answers_gardens.h. */
#include "services/recommender-proxy/answers_gardens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/json/json.h"
#include "proto/codec.h"
#include "proto/envelope.h"
#include "proto/key.h"
#include "services/common/front.h"
#include "services/common/refuse.h"
#include "services/recommender-proxy/answers_acts.h"
#include "services/recommender-proxy/recommend.h"

enum { DEFAULT_COUNT = 25, ASKED = 512 };

#define USERS "/v1/users/"
#define RECOMMENDATIONS "/recommendations"
#define BASE_HEADER "X-Garden-Base" /* from the gateway: how the client reaches the garden */

/* -- what is asked for -- */

/* Writes the search key of an emotion (in any case) and a favourite; where there is no emotion
 * the one that the visitor had last. */
static int resolve(struct recommender *recommender, const char *user_id, const char *emotion,
                   const char *favorite, char ret_asked[ASKED], struct err *err)
{
    const size_t size = strcspn(emotion, "/");
    int found = *emotion ? -1 : rec_local_mood(recommender->local, user_id);

    for (int i = 0; i < EMOTION_COUNT && *emotion; i++)
        if (strlen(emotion_names[i]) == size &&
            strncasecmp(emotion_names[i], emotion, size) == 0)
            found = i;
    if (found < 0)
        return err_set(
            err, ERR_INVALID,
            *emotion ? "emotion is '%.40s': it begins with one of happy, surprised, calm, "
                       "angry, fear, confused, disgusted, sad, and a favourite may follow, "
                       "as in happy/spring,sunny,day"
                     : "emotion is missing, and no mood of this visitor is known%.0s",
            emotion);
    if (emotion[size] == '/' && !*favorite)
        favorite = emotion + size + 1;
    if (snprintf(ret_asked, ASKED, *favorite ? "%s/%s" : "%s", emotion_names[found],
                 favorite) >= ASKED)
        return err_set(err, ERR_TOO_LARGE, "the favourite has more than %d bytes", ASKED - 16);
    return search_key_check(ret_asked, err);
}

static void find_base(struct http_request *request, struct buf *out)
{
    const char *base = http_header(request, BASE_HEADER), *host = http_header(request, "Host");

    if (base && *base)
        buf_append_str(out, base);
    else
        buf_printf(out, "http://%s", host && *host ? host : "localhost");
}

static void write_url(struct buf *out, const struct buf *base, const char *item_id)
{
    OWNED_VALUE(buf) url = {0};

    buf_append(&url, base->data, base->size);
    buf_append_char(&url, '/');
    text_url_encode(&url, item_id, strlen(item_id), true);
    json_put_str(out, "url", buf_text(&url));
}

static void write_emotion(struct buf *out, const char *item_id)
{
    const char *start = strchr(item_id, '/') + 1, *end = strrchr(item_id, '/');

    json_write_name(out, "emotion");
    json_write_str_n(out, start, (size_t)(end - start));
}

/* -- POST /garden -- */

static void write_list(const struct rec_answer *answer, const struct buf *base, struct buf *out)
{
    json_write_open(out, '[');
    for (size_t i = 0; i < answer->count; i++) {
        json_write_open(out, '{');
        write_url(out, base, answer->results[i].item_id);
        write_emotion(out, answer->results[i].item_id);
        json_write_close(out, '}');
    }
    json_write_close(out, ']');
}

static int write_half(struct recommender *recommender, const struct rec_query *query,
                      const struct buf *base, struct buf *out, struct err *err)
{
    struct rec_answer *answer = calloc(1, sizeof *answer);
    struct recommend_by by;
    int r;

    if (!answer)
        return err_set_nomem(err, "the answer");
    r = recommend(recommender, query, answer, &by, err);
    if (r == 0) {
        recent_note(recommender->recent, query->user_id, query->emotion,
                    answer->recommendation_id, answer);
        write_list(answer, base, out);
    }
    rec_answer_done(answer);
    free(answer);
    return r;
}

/* A member that is a text, or "": kiosks send what they have. */
static const char *text_of(const json_t *body, const char *name)
{
    const char *text = json_string_value(json_object_get(body, name));

    return text ? text : "";
}

static int write_garden(struct recommender *recommender, struct rec_query *query,
                        const struct buf *base, struct buf *out, struct err *err)
{
    int r;

    json_write_open(out, '{');
    json_write_name(out, "landscape");
    query->orientation = 'h';
    r = write_half(recommender, query, base, out, err);
    if (r == 0) {
        json_write_name(out, "portrait");
        query->orientation = 'v';
        r = write_half(recommender, query, base, out, err);
    }
    json_write_close(out, '}');
    return r;
}

void answers_garden(struct recommender *recommender, struct http_request *request)
{
    OWNED_JSON body = answers_body(request);
    OWNED_VALUE(buf) base = {0}, out = {0};
    struct rec_query query = {.count = (size_t)recommender->conf->garden_count};
    char asked[ASKED], guest[37];
    struct err err = {0};

    if (!body)
        return;
    query.user_id = text_of(body, "id");
    query.generation = text_of(body, "generation");
    query.gender = text_of(body, "gender");
    query.emotion = asked;
    if (!*query.user_id) { /* a guest: somebody of whom nothing is known */
        envelope_uuid(guest);
        query.user_id = guest;
    }
    find_base(request, &base);
    if (resolve(recommender, query.user_id, text_of(body, "emotion"), "", asked, &err) < 0 ||
        write_garden(recommender, &query, &base, &out, &err) < 0)
        refuse_err(request, &err);
    else
        front_respond(request, 200, "application/json", &out);
}

/* -- GET /v1/users/{id}/recommendations -- */

static int read_user(struct http_request *request, struct buf *out, struct err *err)
{
    const char *id = http_raw_path(request) + sizeof USERS - 1;
    const size_t size = strlen(id) - (sizeof RECOMMENDATIONS - 1);

    if (memchr(id, '/', size))
        return err_set(
            err, ERR_NOT_FOUND,
            "there is nothing at this path: a '/' in a visitor's id is written %%2F");
    if (text_url_decode(out, id, size, false, err) < 0)
        return err->code;
    if (out->size > USER_ID_MAX || !text_is_utf8(buf_text(out), out->size))
        return err_set(err, ERR_INVALID,
                       "the visitor's id has to be UTF-8 and at most %d bytes", USER_ID_MAX);
    return codec_check_id(buf_text(out), err) < 0 ? err_wrap(err, "the visitor's id") : 0;
}

static int read_orientation(const char *text, char *ret, struct err *err)
{
    *ret = 0;
    if (!text || !*text)
        return 0;
    if (strcmp(text, "landscape") != 0 && strcmp(text, "portrait") != 0)
        return err_set(err, ERR_INVALID, "orientation is '%.20s': it is landscape or portrait",
                       text);
    *ret = *text == 'l' ? 'h' : 'v';
    return 0;
}

static int read_count(const char *text, size_t *ret, struct err *err)
{
    int64_t count = DEFAULT_COUNT;

    if (text && *text && text_parse_int(text, 1, REC_COUNT_MAX, &count, err) < 0)
        return err_wrap(err, "n");
    *ret = (size_t)count;
    return 0;
}

static const char *or_nothing(const char *text)
{
    return text ? text : "";
}

static int read_query(struct recommender *recommender, struct http_request *request,
                      struct buf *user, char asked[ASKED], struct rec_query *ret_query,
                      struct err *err)
{
    struct rec_query query = {.emotion = asked,
                              .generation = or_nothing(http_query(request, "generation")),
                              .gender = or_nothing(http_query(request, "gender"))};

    if (read_user(request, user, err) < 0 ||
        read_orientation(http_query(request, "orientation"), &query.orientation, err) < 0 ||
        read_count(http_query(request, "n"), &query.count, err) < 0)
        return err->code;
    query.user_id = buf_text(user);
    if (resolve(recommender, query.user_id, or_nothing(http_query(request, "emotion")),
                or_nothing(http_query(request, "favorite")), asked, err) < 0)
        return err->code;
    *ret_query = query;
    return 0;
}

/* Four decimals, written by hand: printf takes a tenth of an answer's time. */
static void put_decimal(struct buf *out, const char *name, double number)
{
    unsigned long long whole = (unsigned long long)llround(fmin(fabs(number), 1e9) * 10000);
    char text[32], *at = text + sizeof text;

    for (int digit = 0; digit < 5 || whole; digit++) {
        if (digit == 4)
            *--at = '.';
        *--at = (char)('0' + whole % 10);
        whole /= 10;
    }
    json_write_name(out, name);
    if (number < -0.00005)
        buf_append_char(out, '-');
    buf_append(out, at, (size_t)(text + sizeof text - at));
}

static void put_part(struct buf *out, const char *name, float part)
{
    if (part != 0)
        put_decimal(out, name, (double)part);
}

static void write_why(struct buf *out, const struct rec_why *why)
{
    json_write_name(out, "why");
    json_write_open(out, '{');
    put_part(out, "mood", why->mood);
    put_part(out, "favorite", why->favorite);
    put_part(out, "group", why->group);
    put_part(out, "liked", why->liked);
    put_part(out, "popular", why->popular);
    put_part(out, "fresh", why->fresh);
    put_part(out, "met", why->met);
    if (why->like)
        json_put_str(out, "because_of", why->like);
    if (why->explored)
        json_put_bool(out, "explored", true);
    json_write_close(out, '}');
}

static void write_result(struct buf *out, const struct buf *base,
                         const struct rec_result *result)
{
    json_write_open(out, '{');
    json_put_str(out, "item_id", result->item_id);
    write_url(out, base, result->item_id);
    write_emotion(out, result->item_id);
    json_put_str(out, "orientation",
                 text_ends_with(result->item_id, "v.jpeg") ? "portrait" : "landscape");
    put_decimal(out, "score", result->score);
    if (result->propensity > 0)
        put_decimal(out, "propensity", result->propensity);
    write_why(out, &result->why);
    json_write_close(out, '}');
}

static void write_answer(struct recommender *recommender, const struct rec_query *query,
                         const struct rec_answer *answer, const struct recommend_by *by,
                         const struct buf *base, struct buf *out)
{
    char model[20];

    (void)snprintf(model, sizeof model, "%016llx",
                   (unsigned long long)rec_local_model_id(recommender->local));
    json_write_open(out, '{');
    json_put_str(out, "user_id", query->user_id);
    json_put_str(out, "asked", query->emotion);
    json_put_str(out, "engine", by->engine);
    json_put_str(out, "model", model);
    if (*by->fallback)
        json_put_str(out, "fallback", by->fallback);
    json_write_name(out, "results");
    json_write_open(out, '[');
    for (size_t i = 0; i < answer->count; i++)
        write_result(out, base, &answer->results[i]);
    json_write_close(out, ']');
    json_write_close(out, '}');
}

void answers_recommendations(struct recommender *recommender, struct http_request *request)
{
    OWNED_VALUE(buf) user = {0}, base = {0}, out = {0};
    struct rec_answer *answer = calloc(1, sizeof *answer);
    struct rec_query query = {0};
    struct recommend_by by;
    char asked[ASKED];
    struct err err = {0};

    find_base(request, &base);
    if (!answer)
        (void)err_set_nomem(&err, "the answer");
    else if (read_query(recommender, request, &user, asked, &query, &err) == 0 &&
             recommend(recommender, &query, answer, &by, &err) == 0) {
        recent_note(recommender->recent, query.user_id, query.emotion,
                    answer->recommendation_id, answer);
        write_answer(recommender, &query, answer, &by, &base, &out);
    }
    if (err.code)
        refuse_err(request, &err);
    else
        front_respond(request, 200, "application/json", &out);
    if (answer)
        rec_answer_done(answer);
    free(answer);
}
