/* rekognition_answer.c - see rekognition_answer.h. */
#include "services/emotion/rekognition_answer.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json/json.h"

#define PROFILE_YAW 45.0F /* degrees: one eye is hardly seen from there on */

/* -- faces -- */

static int get_float(const json_t *object, const char *name, float *ret, struct err *err)
{
    double number = 0;

    if (json_get_number(object, name, &number, err) < 0)
        return json_err_at(err, "%s", name);
    *ret = (float)number;
    return 0;
}

static int get_trait(const json_t *face, const char *name, struct trait *ret, struct err *err)
{
    json_t *object;

    if (json_get_object(face, name, &object, err) < 0)
        return err->code;
    if (json_get_bool(object, "Value", &ret->value, err) < 0 ||
        get_float(object, "Confidence", &ret->confidence, err) < 0)
        return json_err_at(err, "%s", name);
    return 0;
}

static int get_gender(const json_t *face, struct trait *ret, struct err *err)
{
    const char *value;
    json_t *object;

    if (json_get_object(face, "Gender", &object, err) < 0 ||
        json_get_str(object, "Value", &value, err) < 0 ||
        get_float(object, "Confidence", &ret->confidence, err) < 0)
        return err->code;
    ret->value = strcmp(value, "Male") == 0;
    return 0;
}

/* "HAPPY": -1 for one that we do not know ("UNKNOWN"). */
static int emotion_of(const char *type)
{
    for (int i = 0; i < EMOTION_COUNT; i++) {
        const char *a = emotion_names[i], *b = type;

        while (*a && toupper((unsigned char)*a) == *b) {
            a++;
            b++;
        }
        if (!*a && !*b)
            return i;
    }
    return -1;
}

static int get_emotions(const json_t *face, float emotions[EMOTION_COUNT], struct err *err)
{
    json_t *list;

    if (json_get_array(face, "Emotions", &list, err) < 0)
        return err->code;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const char *type;
        float confidence = 0;
        int emotion;

        if (json_get_str(entry, "Type", &type, err) < 0 ||
            get_float(entry, "Confidence", &confidence, err) < 0)
            return json_err_at(err, "Emotions[%zu]", i);
        emotion = emotion_of(type);
        if (emotion >= 0)
            emotions[emotion] = confidence;
    }
    return 0;
}

static int get_place(const json_t *face, struct face *ret, struct err *err)
{
    json_t *box, *pose, *quality;

    if (json_get_object(face, "BoundingBox", &box, err) < 0 ||
        json_get_object(face, "Pose", &pose, err) < 0 ||
        json_get_object(face, "Quality", &quality, err) < 0 ||
        get_float(box, "Left", &ret->left, err) < 0 ||
        get_float(box, "Top", &ret->top, err) < 0 ||
        get_float(box, "Width", &ret->width, err) < 0 ||
        get_float(box, "Height", &ret->height, err) < 0)
        return err->code;
    if (get_float(pose, "Roll", &ret->roll, err) < 0 ||
        get_float(pose, "Yaw", &ret->yaw, err) < 0 ||
        get_float(pose, "Pitch", &ret->pitch, err) < 0 ||
        get_float(quality, "Brightness", &ret->brightness, err) < 0 ||
        get_float(quality, "Sharpness", &ret->sharpness, err) < 0)
        return err->code;
    ret->profile = fabsf(ret->yaw) > PROFILE_YAW;
    return get_float(face, "Confidence", &ret->confidence, err);
}

static int get_age(const json_t *face, struct face *ret, struct err *err)
{
    json_t *range;
    int64_t low, high;

    if (json_get_object(face, "AgeRange", &range, err) < 0 ||
        json_get_int(range, "Low", &low, err) < 0 ||
        json_get_int(range, "High", &high, err) < 0)
        return err->code;
    if (low < 0 || high < low || high > 200)
        return err_set(err, ERR_INVALID, "AgeRange is no range of years");
    ret->age_low = (int)low;
    ret->age_high = (int)high;
    return 0;
}

static int get_traits(const json_t *face, struct face *ret, struct err *err)
{
    const struct {
        const char *name;
        struct trait *trait;
    } traits[] = {
        {"Smile", &ret->smile},           {"Eyeglasses", &ret->eyeglasses},
        {"Sunglasses", &ret->sunglasses}, {"Beard", &ret->beard},
        {"Mustache", &ret->mustache},     {"EyesOpen", &ret->eyes_open},
        {"MouthOpen", &ret->mouth_open},
    };

    for (size_t i = 0; i < sizeof traits / sizeof *traits; i++)
        if (get_trait(face, traits[i].name, traits[i].trait, err) < 0)
            return err->code;
    return get_gender(face, &ret->male, err);
}

static int get_face(const json_t *face, struct face *ret, struct err *err)
{
    struct face read = {0};

    if (get_place(face, &read, err) < 0 || get_age(face, &read, err) < 0 ||
        get_traits(face, &read, err) < 0 || get_emotions(face, read.emotions, err) < 0)
        return err->code;
    *ret = read;
    return 0;
}

static int larger_first(const void *a, const void *b)
{
    const struct face *x = a, *y = b;
    float size_x = x->width * x->height, size_y = y->width * y->height;

    return size_x < size_y ? 1 : size_x > size_y ? -1 : 0;
}

static int get_faces(const json_t *root, struct analysis *ret, struct err *err)
{
    json_t *list;
    size_t count;

    if (json_get_array(root, "FaceDetails", &list, err) < 0)
        return err->code;
    count = json_array_size(list);
    ret->more = count > FACES_MAX;
    ret->count = ret->more ? FACES_MAX : count;
    for (size_t i = 0; i < ret->count; i++)
        if (get_face(json_array_get(list, i), &ret->faces[i], err) < 0)
            return json_err_at(err, "FaceDetails[%zu]", i);
    qsort(ret->faces, ret->count, sizeof *ret->faces, larger_first);
    return 0;
}

int rekognition_read_faces(const void *body, size_t size, struct analysis *ret_analysis,
                           struct err *err)
{
    struct err why = {0};
    OWNED_JSON root = json_parse(body, size, &why);
    struct analysis *read = calloc(1, sizeof *read);

    if (!read)
        return err_set_nomem(err, "the faces");
    if (root && get_faces(root, read, &why) == 0) {
        read->width = ret_analysis->width;
        read->height = ret_analysis->height;
        *ret_analysis = *read;
    }
    free(read);
    if (why.code)
        return err_set(err, ERR_REMOTE, "Amazon Rekognition answered something else: %s",
                       why.text);
    return 0;
}
