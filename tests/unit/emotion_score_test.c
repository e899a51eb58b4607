#include <math.h>

#include "services/emotion/face_score.h"
#include "tests/test.h"

enum { HAPPY, SURPRISED, CALM, ANGRY, FEAR, CONFUSED, DISGUSTED, SAD };

/* A woman of 30 who faces the camera and shows nothing in particular. */
static struct face_measures plain(void)
{
    return (struct face_measures){
        .expressions = {1, 0, 0, 0, 0, 0, 0},
        .age = 30,
        .male = 0.05F,
        .eye_height = 0.25F,
        .mouth = 0.01F,
        .pixels = 200,
        .traits = {.bridge = 0.1F, .lenses = 0.8F, .beard = 0, .mustache = -0.9F},
    };
}

static struct face score(const struct face_measures *measures)
{
    struct face face = {0};

    face_score(measures, &face);
    return face;
}

TEST(a_net_that_is_sure_leaves_no_confusion)
{
    static const size_t expected[EXPRESSIONS] = {CALM, HAPPY,     SAD,      ANGRY,
                                                 FEAR, DISGUSTED, SURPRISED};

    for (size_t i = 0; i < EXPRESSIONS; i++) {
        float expressions[EXPRESSIONS] = {0}, emotions[EMOTION_COUNT];

        expressions[i] = 1;
        face_score_emotions(expressions, emotions);
        for (size_t e = 0; e < EMOTION_COUNT; e++)
            CHECK(fabsf(emotions[e] - (e == expected[i] ? 100 : 0)) < 0.01F);
    }
}

TEST(undecided_faces_are_confused)
{
    float even[EXPRESSIONS], emotions[EMOTION_COUNT], total = 0;
    struct face face;

    for (size_t i = 0; i < EXPRESSIONS; i++)
        even[i] = 1.0F / EXPRESSIONS;
    face_score_emotions(even, emotions);
    for (size_t i = 0; i < EMOTION_COUNT; i++)
        total += emotions[i];
    CHECK(fabsf(total - 100) < 0.01F);
    memcpy(face.emotions, emotions, sizeof emotions);
    CHECK_INT(face_emotion(&face), ==, CONFUSED);
    /* entropy 1, halved, but for the shares that are happy or surprised: 0.5 * 5 / 7 */
    CHECK(fabsf(emotions[CONFUSED] - 35.7F) < 0.1F);
}

TEST(roots_make_the_second_place_visible)
{
    float expressions[EXPRESSIONS] = {0.99F, 0.01F}, emotions[EMOTION_COUNT];

    face_score_emotions(expressions, emotions);
    CHECK(emotions[HAPPY] > 5 && emotions[HAPPY] < 12);
    CHECK(emotions[CALM] > 75);
}

TEST(absurd_shares_still_sum_to_a_hundred)
{
    static const float odd[] = {NAN, INFINITY, -1, 0};

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        float expressions[EXPRESSIONS] = {odd[i]}, emotions[EMOTION_COUNT], total = 0;

        face_score_emotions(expressions, emotions);
        for (size_t e = 0; e < EMOTION_COUNT; e++)
            total += emotions[e];
        CHECK(fabsf(total - 100) < 0.01F);
    }
}

TEST(thresholds_are_those_that_were_measured)
{
    static const struct {
        size_t measure, word;
        float below, above;
        bool word_above;
    } cases[] = {
#define CASE(measure_, word_, below_, above_, up_)                                           \
    {offsetof(struct face_measures, measure_), offsetof(struct face, word_), below_, above_, \
     up_}
        CASE(eye_height, eyes_open, 0.12F, 0.14F, true),
        CASE(mouth, mouth_open, 0.061F, 0.063F, true),
        CASE(traits.bridge, eyeglasses, 0.45F, 0.47F, true),
        CASE(traits.lenses, sunglasses, 0.22F, 0.24F, false),
        CASE(traits.beard, beard, 0.103F, 0.105F, true),
        CASE(traits.mustache, mustache, -0.575F, -0.573F, true),
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int above = 0; above < 2; above++) {
            struct face_measures measures = plain();
            struct face face;
            struct trait trait;

            measures.male = 0.95F;
            *(float *)((char *)&measures + cases[i].measure) =
                above ? cases[i].above : cases[i].below;
            face = score(&measures);
            trait = *(struct trait *)((char *)&face + cases[i].word);
            CHECK_INT(trait.value, ==, (above != 0) == cases[i].word_above);
            CHECK(trait.confidence >= 50 &&
                  trait.confidence < 62); /* hardly more than a guess */
        }
    }
}

TEST(confidence_grows_with_the_distance_and_never_to_a_hundred)
{
    float last = 0;

    for (int step = 0; step < 20; step++) {
        struct face_measures measures = plain();
        struct face face;

        measures.traits.bridge = 0.46F + 0.1F * (float)step;
        face = score(&measures);
        CHECK(face.eyeglasses.confidence > last);
        last = face.eyeglasses.confidence;
    }
    CHECK(last > 90 && last < 95); /* 51 of 53 */
}

TEST(sunglasses_are_glasses_and_little_is_known_of_them)
{
    struct face_measures measures = plain();
    struct face face;

    measures.traits.lenses = 0;
    face = score(&measures);
    CHECK(face.sunglasses.value && face.eyeglasses.value);
    CHECK(face.sunglasses.confidence <= 75);
}

TEST(beards_are_told_of_men_only)
{
    struct face_measures measures = plain();
    struct face face;

    measures.traits.beard = 1;
    measures.traits.mustache = 1;
    face = score(&measures);
    CHECK(!face.beard.value && !face.mustache.value && !face.male.value);
    measures.male = 0.9F;
    face = score(&measures);
    CHECK(face.beard.value && face.mustache.value && face.male.value);
}

TEST(profiles_small_faces_and_brief_looks_are_believed_less)
{
    struct face_measures measures = plain();
    float straight = score(&measures).eyes_open.confidence;

    CHECK(!score(&measures).profile);
    measures.pose.yaw = 50;
    CHECK(score(&measures).profile);
    CHECK(score(&measures).eyes_open.confidence < straight - 5);
    measures.pose.yaw = 0;
    measures.pixels = 30;
    CHECK(score(&measures).eyes_open.confidence < straight - 5);
    measures.pixels = 200;
    measures.brief = true;
    CHECK(score(&measures).brief);
    CHECK(score(&measures).eyes_open.confidence < straight - 5);
}

TEST(the_age_range_is_as_wide_as_said)
{
    static const int cases[][3] = {{0, 0, 4}, {30, 24, 36}, {60, 51, 69}, {95, 83, 107}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct face_measures measures = plain();
        struct face face;

        measures.age = (float)cases[i][0];
        face = score(&measures);
        CHECK_INT(face.age_low, ==, cases[i][1]);
        CHECK_INT(face.age_high, ==, cases[i][2]);
    }
}
