/* emotion_visit.c - see emotion_visit.h. */
#include "services/emotion/emotion_visit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/secret.h"
#include "lib/base/text.h"
#include "services/common/problem.h"
#include "services/emotion/answer.h"
#include "services/emotion/emotion_request.h"

struct visit {
    struct emotion *emotion;
    struct http_request *request;
    bool full;
    char user_id[EMOTION_USER_ID];
    struct analysis analysis;
    struct receipt receipt;
    size_t misses; /* secret_misses() when it came */
};

/* -- admission, on the loop -- */

static size_t most_bytes(const struct emotion *emotion)
{
    return (size_t)emotion->conf->max_picture_mb << 20;
}

/* What the body will take: what is declared, or the most that it may. */
static long long room_for(const struct emotion *emotion, const struct http_request *request)
{
    const char *length = http_header(request, "Content-Length");
    struct err ignored = {0};
    int64_t bytes = (int64_t)most_bytes(emotion);

    if (length)
        (void)text_parse_int(length, 0, INT64_MAX, &bytes, &ignored);
    return bytes;
}

static void count_in(struct emotion *emotion, long long bytes, int pictures)
{
    emotion->pictures += pictures;
    emotion->bytes += bytes;
    metric_set(emotion->figures.waiting, (double)emotion->pictures);
    metric_set(emotion->figures.waiting_bytes, (double)emotion->bytes);
}

/* The room that a request has, until it is answered. */
struct room {
    long long bytes;
    size_t misses; /* secret_misses() when it came */
};

/* False where there is none. */
static bool admit(struct emotion *emotion, struct http_request *request, long long bytes)
{
    const long long most = emotion->conf->queue + emotion->engine->threads;

    struct room *room;

    if (emotion->pictures >= most || emotion->bytes + bytes > emotion->conf->queue_mb << 20)
        return false;
    room = malloc(sizeof *room);
    if (!room)
        return false;
    *room = (struct room){bytes, secret_misses()};
    count_in(emotion, bytes, 1);
    http_set_user(request, room);
    return true;
}

void emotion_visit_head(struct emotion *emotion, struct http_request *request)
{
    char user_id[EMOTION_USER_ID];
    const long long bytes = room_for(emotion, request);
    struct err err = {0};

    http_limit_body(request, most_bytes(emotion));
    http_secret_body(request);
    if (emotion_user_id(request, user_id, &err) < 0) {
        emotion_refuse(request, problem_status_of(err.code), err.text, NULL);
        return;
    }
    if ((size_t)bytes > most_bytes(emotion))
        return; /* the server refuses it */
    if (!admit(emotion, request, bytes)) {
        metric_add(emotion->figures.results[FIGURE_FULL], 1);
        emotion_refuse(request, 503, "too many pictures wait; try again in a moment", NULL);
    }
}

void emotion_visit_answered(struct emotion *emotion, const struct http_request *request)
{
    struct room *room = http_user(request);

    if (!room)
        return;
    count_in(emotion, -room->bytes, -1);
    free(room);
}

/* -- the answer -- */

/* Signs what became of the picture; the caller frees it. NULL: no memory. */
static char *sign(const struct visit *visit)
{
    OWNED_VALUE(buf) out = {0};

    receipt_sign(visit->emotion->receipts, &visit->receipt, &out);
    return buf_ok(&out) ? buf_take(&out) : NULL;
}

/* Answers, and ends the visit. user NULL: no face. */
static void answer(struct visit *visit, const struct user_event *user)
{
    OWNED_STRING receipt = sign(visit);
    OWNED_VALUE(buf) body = {0};
    const struct answer_faces faces = {.analysis = &visit->analysis,
                                       .user_id = visit->user_id,
                                       .user = visit->receipt.kept ? user : NULL,
                                       .engine = visit->emotion->engine->name,
                                       .receipt = receipt};
    const char *type = "application/json";
    int status = 200;

    if (!receipt) {
        body.failed = true;
    } else if (visit->full) {
        answer_faces(&faces, &body);
    } else if (user) {
        answer_emotion(&visit->analysis.faces[0], user, visit->emotion->bucket, &body);
    } else {
        buf_append_str(&body, "No Face");
        type = "text/plain; charset=utf-8";
        status = 404;
    }
    emotion_answer(visit->request, status, type, &body, receipt);
    free(visit);
}

static void fail(struct visit *visit, int status, const char *detail)
{
    OWNED_STRING receipt = sign(visit);

    emotion_refuse(visit->request, status, detail, receipt);
    free(visit);
}

static void count(const struct visit *visit, enum figure_result result)
{
    metric_add(visit->emotion->figures.results[result], 1);
}

/* -- telling, on a teller's thread -- */

static void tell(void *ctx)
{
    struct visit *visit = ctx;
    const struct face *face = &visit->analysis.faces[0];
    struct user_event user = {.user_id = visit->user_id,
                              .generation = face_generation(face),
                              .gender = face->male.value ? "Male" : "Female",
                              .emotion = emotion_names[face_emotion(face)],
                              .source = USER_SOURCE_ANALYSIS,
                              .timestamp_ms = visit->receipt.received_ms};
    struct err err = {0};
    int r;

    log_set_trace(http_trace(visit->request)->trace_id);
    r = mood_watch_analysed(visit->emotion->moods, &user, http_trace(visit->request),
                            &visit->receipt.kept, &err);
    if (r < 0) {
        visit->receipt.kept = r == ERR_TIMEOUT; /* perhaps it was published */
        count(visit, FIGURE_NOT_PUBLISHED);
        log_warn("an analysis could not be published: %s", err.text);
        fail(visit, 503, "what was seen could not be published; try again in a moment");
    } else {
        count(visit, FIGURE_FACE);
        answer(visit, &user);
    }
    log_set_trace(NULL);
}

/* -- looking, on an eye's thread -- */

static void erase(struct visit *visit)
{
    http_wipe_body(visit->request);
    secret_scrub();
    visit->receipt.erased_ms = clock_wall_ms();
    visit->receipt.locked = visit->emotion->locked && secret_misses() == visit->misses;
}

/* What went wrong, in words for who sent the picture. */
static void fail_analysis(struct visit *visit, const struct err *err)
{
    if (err->code == ERR_INVALID || err->code == ERR_TOO_LARGE) {
        count(visit, FIGURE_BAD_PICTURE);
        fail(visit, problem_status_of(err->code), err->text);
        return;
    }
    count(visit, FIGURE_ENGINE_FAILED);
    log_warn("looking at a picture: %s", err->text);
    fail(visit, err->code == ERR_DENIED || err->code == ERR_REMOTE ? 502 : 503,
         "the picture could not be looked at; try again in a moment");
}

static int analyse(struct visit *visit, struct err *err)
{
    struct emotion *emotion = visit->emotion;
    size_t size;
    const void *body = http_body(visit->request, &size);
    const int64_t start_ns = clock_mono_ns();
    int r = emotion->engine->analyse(emotion->engine, body, size, &visit->analysis, err);
    const int64_t took_ns = clock_mono_ns() - start_ns;

    erase(visit);
    if (*emotion->sent_to) /* also where that failed: it may have come that far */
        visit->receipt.sent_to = emotion->sent_to;
    if (r < 0)
        return r;
    visit->receipt.analysed_ms = took_ns / 1000000;
    metric_observe(emotion->figures.seconds, (double)took_ns / 1e9);
    metric_add(emotion->figures.faces, (double)visit->analysis.count);
    return 0;
}

static void look(void *ctx)
{
    struct visit *visit = ctx;
    struct err err = {0};

    if (http_is_gone(visit->request)) {
        count(visit, FIGURE_GONE);
        erase(visit);
        fail(visit, 503, "the client has gone");
        return;
    }
    log_set_trace(http_trace(visit->request)->trace_id);
    if (analyse(visit, &err) < 0) {
        fail_analysis(visit, &err);
    } else if (visit->analysis.count == 0) {
        count(visit, FIGURE_NO_FACE);
        answer(visit, NULL);
    } else if (pool_submit(visit->emotion->tellers, tell, visit) < 0) {
        count(visit, FIGURE_FULL);
        fail(visit, 503, "too much waits for the bus; try again in a moment");
    }
    log_set_trace(NULL);
}

void emotion_visit(struct emotion *emotion, struct http_request *request, bool full)
{
    const struct room *room = http_user(request);
    struct visit *visit = calloc(1, sizeof *visit);
    struct err err = {0};
    size_t size;

    (void)http_body(request, &size);
    if (!visit || !room || emotion_user_id(request, visit->user_id, &err) < 0 || size == 0) {
        free(visit);
        emotion_refuse(request, size == 0 ? 400 : 503,
                       size == 0 ? "the body is empty: send a picture" : "no memory", NULL);
        return;
    }
    visit->emotion = emotion;
    visit->request = request;
    visit->full = full;
    visit->receipt = (struct receipt){
        .received_ms = clock_wall_ms(), .analysed_ms = -1, .engine = emotion->engine->name};
    visit->misses = room->misses;
    if (pool_submit(emotion->eyes, look, visit) < 0) {
        metric_add(emotion->figures.results[FIGURE_FULL], 1);
        free(visit);
        emotion_refuse(request, 503, "too many pictures wait; try again in a moment", NULL);
    }
}
