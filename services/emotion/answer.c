/* answer.c - see answer.h. */
#include "services/emotion/answer.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/json/json_write.h"

/* -- the compatible answer -- */

static void put_upper(struct buf *out, const char *name, const char *text)
{
    char upper[16];
    size_t i = 0;

    for (; text[i] && i < sizeof upper - 1; i++)
        upper[i] = (char)toupper((unsigned char)text[i]);
    upper[i] = '\0';
    json_put_str(out, name, upper);
}

static const char *gender_of(const struct face *face)
{
    return face->male.value ? "Male" : "Female";
}

void answer_emotion(const struct face *face, const struct user_event *user, const char *bucket,
                    struct buf *out)
{
    OWNED_VALUE(buf) key = {0};

    buf_printf(&key, "profile/%s.jpeg", user->user_id);
    json_write_open(out, '{');
    json_put_str(out, "id", user->user_id);
    json_put_str(out, "bucket", bucket);
    json_put_str(out, "key", buf_text(&key));
    json_write_name(out, "ageRange");
    json_write_open(out, '{');
    json_put_int(out, "Low", face->age_low);
    json_put_int(out, "High", face->age_high);
    json_write_close(out, '}');
    json_put_bool(out, "smile", face->smile.value);
    json_put_bool(out, "eyeglasses", face->eyeglasses.value);
    json_put_bool(out, "sunglasses", face->sunglasses.value);
    json_put_str(out, "gender", *user->gender ? user->gender : gender_of(face));
    json_put_bool(out, "beard", face->beard.value);
    json_put_bool(out, "mustache", face->mustache.value);
    json_put_bool(out, "eyesOpen", face->eyes_open.value);
    json_put_bool(out, "mouthOpen", face->mouth_open.value);
    put_upper(out, "emotions", user->emotion);
    json_put_str(out, "generation",
                 *user->generation ? user->generation : face_generation(face));
    json_write_close(out, '}');
}

/* -- all of it -- */

static void put_rounded(struct buf *out, const char *name, double number, double steps)
{
    json_write_name(out, name);
    json_write_number(out, isfinite(number) ? round(number * steps) / steps : 0);
}

static void put_percent(struct buf *out, const char *name, double percent)
{
    put_rounded(out, name, percent, 100);
}

static void put_trait(struct buf *out, const char *name, const struct trait *trait)
{
    json_write_name(out, name);
    json_write_open(out, '{');
    json_put_bool(out, "value", trait->value);
    put_percent(out, "confidence", trait->confidence);
    json_write_close(out, '}');
}

static void write_who(const struct face *face, struct buf *out)
{
    json_write_name(out, "age");
    json_write_open(out, '{');
    json_put_int(out, "low", face->age_low);
    json_put_int(out, "high", face->age_high);
    json_write_close(out, '}');
    json_put_str(out, "generation", face_generation(face));
    json_write_name(out, "gender");
    json_write_open(out, '{');
    json_put_str(out, "value", gender_of(face));
    put_percent(out, "confidence", face->male.confidence);
    json_write_close(out, '}');
}

struct rank {
    int emotion;
    float score;
};

static int compare_ranks(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;

    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return x->emotion - y->emotion; /* as face_emotion decides */
}

static void write_emotions(const struct face *face, struct buf *out)
{
    struct rank ranks[EMOTION_COUNT];

    for (int i = 0; i < EMOTION_COUNT; i++)
        ranks[i] = (struct rank){i, face->emotions[i]};
    qsort(ranks, EMOTION_COUNT, sizeof *ranks, compare_ranks);
    json_write_name(out, "emotions");
    json_write_open(out, '[');
    for (int i = 0; i < EMOTION_COUNT; i++) {
        json_write_open(out, '{');
        json_put_str(out, "emotion", emotion_names[ranks[i].emotion]);
        put_percent(out, "confidence", ranks[i].score);
        json_write_close(out, '}');
    }
    json_write_close(out, ']');
}

static void write_place(const struct face *face, struct buf *out)
{
    enum { SHARE_STEPS = 100000 };

    json_write_name(out, "box");
    json_write_open(out, '{');
    put_rounded(out, "left", face->left, SHARE_STEPS);
    put_rounded(out, "top", face->top, SHARE_STEPS);
    put_rounded(out, "width", face->width, SHARE_STEPS);
    put_rounded(out, "height", face->height, SHARE_STEPS);
    json_write_close(out, '}');
    put_percent(out, "confidence", face->confidence);
    json_write_name(out, "pose");
    json_write_open(out, '{');
    put_percent(out, "roll", face->roll);
    put_percent(out, "yaw", face->yaw);
    put_percent(out, "pitch", face->pitch);
    json_write_close(out, '}');
    json_put_bool(out, "profile", face->profile);
    json_put_bool(out, "brief", face->brief);
    json_write_name(out, "quality");
    json_write_open(out, '{');
    put_percent(out, "brightness", face->brightness);
    put_percent(out, "sharpness", face->sharpness);
    json_write_close(out, '}');
}

static void write_face(const struct face *face, struct buf *out)
{
    json_write_open(out, '{');
    write_place(face, out);
    write_who(face, out);
    put_trait(out, "smile", &face->smile);
    put_trait(out, "eyeglasses", &face->eyeglasses);
    put_trait(out, "sunglasses", &face->sunglasses);
    put_trait(out, "beard", &face->beard);
    put_trait(out, "mustache", &face->mustache);
    put_trait(out, "eyes_open", &face->eyes_open);
    put_trait(out, "mouth_open", &face->mouth_open);
    write_emotions(face, out);
    json_write_close(out, '}');
}

static void put_known(struct buf *out, const char *name, const char *text)
{
    json_put_str(out, name, *text ? text : NULL);
}

static void put_time(struct buf *out, int64_t wall_ms)
{
    char text[CLOCK_TEXT];

    clock_format_rfc3339(wall_ms, text);
    json_put_str(out, "timestamp", text);
}

static void write_user(const struct user_event *user, struct buf *out)
{
    json_write_name(out, "mood");
    if (!user) {
        json_write_null(out);
        return;
    }
    json_write_open(out, '{');
    json_put_str(out, "emotion", user->emotion);
    put_known(out, "generation", user->generation);
    put_known(out, "gender", user->gender);
    json_put_str(out, "source", user->source);
    put_time(out, user->timestamp_ms);
    json_write_close(out, '}');
}

void answer_faces(const struct answer_faces *faces, struct buf *out)
{
    const struct analysis *analysis = faces->analysis;

    json_write_open(out, '{');
    json_put_str(out, "id", faces->user_id);
    json_put_str(out, "engine", faces->engine);
    json_put_int(out, "width", analysis->width);
    json_put_int(out, "height", analysis->height);
    json_write_name(out, "faces");
    json_write_open(out, '[');
    for (size_t i = 0; i < analysis->count; i++)
        write_face(&analysis->faces[i], out);
    json_write_close(out, ']');
    json_put_bool(out, "more", analysis->more);
    write_user(faces->user, out);
    json_put_str(out, "receipt", faces->receipt);
    json_write_close(out, '}');
}

void answer_mood(const char *user_id, const struct mood *mood, struct buf *out)
{
    json_write_open(out, '{');
    json_put_str(out, "id", user_id);
    json_put_str(out, "emotion", emotion_names[mood->emotion]);
    put_known(out, "generation", mood->generation);
    put_known(out, "gender", mood->gender);
    json_put_str(out, "source", mood->by_visitor ? USER_SOURCE_VISITOR : USER_SOURCE_ANALYSIS);
    json_put_str(out, "analysed", mood->analysed < 0 ? NULL : emotion_names[mood->analysed]);
    put_time(out, mood->time_ms);
    json_write_close(out, '}');
}
