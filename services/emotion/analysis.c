/* analysis.c - see analysis.h. */
#include "services/emotion/analysis.h"

#include "proto/user_event.h"

size_t face_emotion(const struct face *face)
{
    size_t best = 0;

    for (size_t i = 1; i < EMOTION_COUNT; i++)
        if (face->emotions[i] > face->emotions[best])
            best = i;
    return best;
}

const char *face_generation(const struct face *face)
{
    static const int twice_oldest[] = {10, 24, 36, 50, 98, 128}; /* of each but the last */
    int twice_middle = face->age_low + face->age_high;
    size_t i = 0;

    while (i < sizeof twice_oldest / sizeof *twice_oldest && twice_middle > twice_oldest[i])
        i++;
    return user_generations[i];
}
