/* emotion_mood.c - see emotion_mood.h. */
#include "services/emotion/emotion_mood.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/log.h"
#include "lib/json/json.h"
#include "proto/key.h"
#include "services/common/problem.h"
#include "services/emotion/answer.h"
#include "services/emotion/emotion_request.h"

enum mood_method { MOOD_GET, MOOD_POST, MOOD_DELETE };

struct mood_call {
    struct emotion *emotion;
    struct http_request *request;
    enum mood_method method;
    char user_id[EMOTION_USER_ID];
    struct mood_word word;
};

/* -- the request -- */

/* Also as the analysis writes it: "HAPPY". */
static int read_emotion(const json_t *root, int *ret_emotion, struct err *err)
{
    const char *text;

    if (json_get_str(root, "emotion", &text, err) < 0)
        return err->code;
    for (int i = 0; i < EMOTION_COUNT; i++) {
        if (strcasecmp(emotion_names[i], text) == 0) {
            *ret_emotion = i;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID,
                   "emotion is '%.40s': it must be one of happy, surprised, calm, angry, fear, "
                   "confused, disgusted, sad",
                   text);
}

/* One of the list's own texts; NULL where the member is missing or empty. */
static int read_choice(const json_t *root, const char *name, const char *const *list,
                       const char **ret, struct err *err)
{
    const char *text = "";
    OWNED_VALUE(buf) all = {0};

    *ret = NULL;
    if (json_opt_str(root, name, &text, err) < 0)
        return err->code;
    if (!*text)
        return 0;
    for (; *list; list++) {
        if (strcmp(*list, text) == 0) {
            *ret = *list;
            return 0;
        }
        buf_printf(&all, "%s%s", all.size ? ", " : "", *list);
    }
    return err_set(err, ERR_INVALID, "%s is '%.40s': it must be one of %s", name, text,
                   buf_text(&all));
}

static int read_word(const struct http_request *request, struct mood_word *word,
                     struct err *err)
{
    size_t size;
    const void *body = http_body(request, &size);
    OWNED_JSON root = json_parse(body, size, err);

    if (!root)
        return err->code;
    if (!json_is_object(root))
        return err_set(err, ERR_INVALID,
                       "the body is no JSON object: it is like "
                       "{\"emotion\":\"happy\"}");
    if (read_emotion(root, &word->emotion, err) < 0 ||
        read_choice(root, "generation", user_generations, &word->generation, err) < 0)
        return err->code;
    return read_choice(root, "gender", user_genders, &word->gender, err);
}

/* -- on a teller's thread -- */

static int choose(const struct mood_call *call, struct mood *ret_mood, struct err *err)
{
    struct emotion *emotion = call->emotion;
    int r = mood_watch_choose(emotion->moods, &call->word, http_trace(call->request), ret_mood,
                              err);

    if (r == 0)
        emotion_figures_corrected(&emotion->figures, ret_mood->analysed, call->word.emotion);
    return r;
}

static int forget(const struct mood_call *call, struct err *err)
{
    int r =
        mood_watch_forget(call->emotion->moods, call->user_id, http_trace(call->request), err);

    if (r == 0)
        metric_add(call->emotion->figures.forgotten, 1);
    return r;
}

static void answer(const struct mood_call *call, const struct mood *mood, const struct err *err)
{
    OWNED_VALUE(buf) body = {0};

    if (err->code == ERR_NOT_FOUND) {
        emotion_refuse(call->request, 404, err->text, NULL);
        return;
    }
    if (err->code) {
        log_warn("a visitor's mood: %s", err->text);
        emotion_refuse(call->request, problem_status_of(err->code),
                       "the bus, which knows what visitors have said, does not answer; try "
                       "again in a moment",
                       NULL);
        return;
    }
    if (call->method == MOOD_DELETE) {
        emotion_answer(call->request, 204, NULL, &body, NULL);
        return;
    }
    answer_mood(call->user_id, mood, &body);
    emotion_answer(call->request, 200, "application/json", &body, NULL);
}

static void run(void *ctx)
{
    struct mood_call *call = ctx;
    struct err err = {0};
    struct mood mood = {0};

    log_set_trace(http_trace(call->request)->trace_id);
    if (call->method == MOOD_POST)
        (void)choose(call, &mood, &err);
    else if (call->method == MOOD_DELETE)
        (void)forget(call, &err);
    else
        (void)mood_watch_find(call->emotion->moods, call->user_id, &mood, &err);
    answer(call, &mood, &err);
    log_set_trace(NULL);
    free(call);
}

/* -- on the loop -- */

static bool read_method(const struct http_request *request, enum mood_method *ret_method)
{
    static const char *const names[] = {"GET", "POST", "DELETE"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(http_method(request), names[i]) == 0) {
            *ret_method = (enum mood_method)i;
            return true;
        }
    }
    return false;
}

static int submit(struct emotion *emotion, struct mood_call *read, struct err *err)
{
    struct mood_call *call;

    if (read->method == MOOD_POST && read_word(read->request, &read->word, err) < 0)
        return err->code;
    call = malloc(sizeof *call);
    if (!call)
        return err_set_nomem(err, "a visitor's mood");
    *call = *read;
    call->word.user_id = call->user_id;
    if (pool_submit(emotion->tellers, run, call) == 0)
        return 0;
    free(call);
    return err_set(err, ERR_UNAVAILABLE, "too much waits for the bus; try again in a moment");
}

bool emotion_mood(struct emotion *emotion, struct http_request *request)
{
    struct mood_call call = {.emotion = emotion, .request = request};
    struct err err = {0};
    int r = emotion_path_user_id(request, call.user_id, &err);

    if (r == ERR_NOT_FOUND)
        return false;
    if (r == 0 && !read_method(request, &call.method)) {
        emotion_refuse(request, 405, "this takes GET, POST and DELETE", NULL);
        return true;
    }
    if (r == 0)
        r = submit(emotion, &call, &err);
    if (r < 0)
        emotion_refuse(request, problem_status_of(r), err.text, NULL);
    return true;
}
