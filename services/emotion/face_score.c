/* face_score.c - see face_score.h. */
#include "services/emotion/face_score.h"

#include <math.h>

#define GUESS 50.0F
#define PROFILE_YAW 35.0F /* degrees from which on it is called a profile */

/* A threshold, and how the word was on the labelled pictures. */
struct rule {
    float threshold, spread;
    int right, pictures;
};

static const struct rule eyes_open = {0.13F, 0.04F, 50, 51};
static const struct rule mouth_open = {0.062F, 0.03F, 46, 48};
static const struct rule glasses = {0.46F, 0.25F, 51, 53};
static const struct rule beard = {0.104F, 0.06F, 50, 52};
static const struct rule mustache = {-0.574F, 0.25F, 51, 52};
/* Negative: they are there where the measure is low. Only 2 pictures had any, both found; none
 * of 51 others was taken for one. */
static const struct rule no_sunglasses = {0.23F, 0.1F, 51, 51};
static const struct rule sunglasses = {0.23F, 0.1F, 2, 2};
static const struct rule gender = {0.5F, 0, 50, 53};
static const struct rule smile = {0.5F, 0, 40, 40};

/* The net's order. */
enum { NEUTRAL, HAPPY, SAD, ANGRY, FEARFUL, DISGUSTED, SURPRISED, UNKNOWN_TO_NET };

static float top_of(const struct rule *rule)
{
    return 100.0F * (float)(rule->right + 1) / (float)(rule->pictures + 2);
}

static float between(float low, float x, float high)
{
    return fminf(fmaxf(x, low), high);
}

static struct trait trait_of(const struct rule *rule, float measured, float belief)
{
    float distance = fabsf(measured - rule->threshold);
    float sure = rule->spread > 0 ? 1 - expf(-distance / rule->spread)
                                  : fminf(distance / rule->threshold, 1);

    return (struct trait){
        .value = measured > rule->threshold,
        .confidence = GUESS + (top_of(rule) - GUESS) * sure * belief,
    };
}

float face_belief(const struct face_measures *measures)
{
    float turned = fmaxf(fabsf(measures->pose.yaw), fabsf(measures->pose.pitch));
    float facing = between(0.5F, 1 - (turned - 20) / 80, 1); /* all to 20 degrees, half at 60 */
    float size = between(0.5F, 0.5F + (measures->pixels - 24) / 80, 1); /* all from 64 pixels */

    return facing * size * (measures->brief ? 0.8F : 1);
}

/* Entropy of shares that sum to 1, as a share of the highest possible. */
static float entropy_of(const float *shares, size_t count)
{
    float sum = 0;

    for (size_t i = 0; i < count; i++)
        if (shares[i] > 0)
            sum -= shares[i] * logf(shares[i]);
    return sum / logf((float)count);
}

void face_score_emotions(const float expressions[EXPRESSIONS],
                         float ret_emotions[EMOTION_COUNT])
{
    /* In emotion_names' order: happy, surprised, calm, angry, fear, confused, disgusted, sad.
     */
    static const int order[EMOTION_COUNT] = {HAPPY,   SURPRISED,      NEUTRAL,   ANGRY,
                                             FEARFUL, UNKNOWN_TO_NET, DISGUSTED, SAD};
    float soft[EXPRESSIONS], total = 0, confused;

    for (size_t i = 0; i < EXPRESSIONS; i++)
        total += soft[i] = sqrtf(between(0, expressions[i], 1));
    for (size_t i = 0; i < EXPRESSIONS; i++)
        soft[i] = total > 0 ? soft[i] / total : 1.0F / EXPRESSIONS;
    confused =
        0.5F * entropy_of(soft, EXPRESSIONS) * between(0, 1 - soft[HAPPY] - soft[SURPRISED], 1);
    for (size_t i = 0; i < EMOTION_COUNT; i++) {
        float share = order[i] == UNKNOWN_TO_NET ? confused : soft[order[i]] * (1 - confused);

        ret_emotions[i] = 100 * share;
    }
}

static void score_traits(const struct face_measures *m, float belief, struct face *face)
{
    const struct face_traits *t = &m->traits;

    face->eyes_open = trait_of(&eyes_open, m->eye_height, belief);
    face->mouth_open = trait_of(&mouth_open, m->mouth, belief);
    face->smile = trait_of(&smile, m->expressions[HAPPY], belief);
    face->male = trait_of(&gender, m->male, belief);
    face->eyeglasses = trait_of(&glasses, t->bridge, belief);
    face->sunglasses = trait_of(t->lenses < sunglasses.threshold ? &sunglasses : &no_sunglasses,
                                t->lenses, belief);
    face->sunglasses.value = t->lenses < sunglasses.threshold;
    if (face->sunglasses.value)
        face->eyeglasses = face->sunglasses;
    face->beard = trait_of(&beard, t->beard, belief);
    face->mustache = trait_of(&mustache, t->mustache, belief);
    if (face->male.value)
        return;
    /* Stated policy: told of men only. As sure as that it is none. */
    face->beard = (struct trait){false, face->male.confidence};
    face->mustache = (struct trait){false, face->male.confidence};
}

void face_score(const struct face_measures *measures, struct face *face)
{
    float age = between(0, measures->age, 100), around = 4 + 0.08F * age;

    face->age_low = (int)lrintf(fmaxf(age - around, 0));
    face->age_high = (int)lrintf(age + around);
    face_score_emotions(measures->expressions, face->emotions);
    score_traits(measures, face_belief(measures), face);
    face->roll = measures->pose.roll;
    face->yaw = measures->pose.yaw;
    face->pitch = measures->pose.pitch;
    face->profile = fabsf(face->yaw) > PROFILE_YAW;
    face->brief = measures->brief;
    face->brightness = measures->traits.brightness;
    face->sharpness = measures->traits.sharpness;
}
