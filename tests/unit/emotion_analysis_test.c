/* emotion_analysis_test.c - from a face's figures to the words of the answer. */
#include "services/emotion/analysis.h"

#include "tests/test.h"

TEST(the_generation_follows_from_the_middle_of_the_range)
{
    static const struct {
        int low, high;
        const char *generation;
    } cases[] = {
        {0, 3, "toddler"},       {4, 6, "toddler"},       {4, 7, "child"},
        {8, 16, "child"},        {9, 16, "teenager"},     {15, 21, "teenager"},
        {15, 22, "young-adult"}, {20, 30, "young-adult"}, {20, 31, "adult"},
        {44, 54, "adult"},       {45, 54, "middle-age"},  {60, 68, "middle-age"},
        {60, 69, "elder"},       {80, 100, "elder"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct face face = {.age_low = cases[i].low, .age_high = cases[i].high};

        CHECK_STR(face_generation(&face), cases[i].generation);
    }
}

TEST(the_emotion_is_the_highest_score_and_the_first_of_equals)
{
    struct face face = {.emotions = {10, 20, 5, 20, 15, 10, 10, 10}};

    CHECK_STR(emotion_names[face_emotion(&face)], "surprised");
    face.emotions[7] = 21;
    CHECK_STR(emotion_names[face_emotion(&face)], "sad");
}
