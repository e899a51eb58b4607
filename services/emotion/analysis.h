/* analysis.h - what is said about the faces in a picture, whichever engine says it.
 *
 * Every word has a confidence in percent, as Amazon Rekognition's DetectFaces has it: how sure
 * the engine is of the value that it gives, 50 being a guess between two. */
#ifndef SERVICES_EMOTION_ANALYSIS_H
#define SERVICES_EMOTION_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/key.h"

enum { FACES_MAX = 32 };

struct trait {
    bool value;
    float confidence; /* percent */
};

struct face {
    float left, top, width, height; /* shares of the upright picture; may reach beyond it */
    float confidence;               /* percent: that it is a face */
    int age_low, age_high;          /* years */
    struct trait male;              /* by appearance; false: female */
    struct trait smile, eyeglasses, sunglasses, beard, mustache, eyes_open, mouth_open;
    float emotions[EMOTION_COUNT]; /* percent, 100 together; in emotion_names' order */
    float roll, yaw, pitch;        /* degrees; 0: upright, facing the camera; more: turned
                                      clockwise as seen, to the picture's right, up */
    float brightness, sharpness;   /* 0..100 */
    bool profile;                  /* seen from the side: believe less of it */
    bool brief; /* one of many faces: fewer nets looked at it, believe less of it */
};

struct analysis {
    uint32_t width, height;       /* of the upright picture */
    size_t count;                 /* 0: no face */
    bool more;                    /* there were more than FACES_MAX */
    struct face faces[FACES_MAX]; /* the largest first */
};

/* The emotion with the highest score: an index into emotion_names. */
size_t face_emotion(const struct face *face);

/* "toddler" .. "elder", from the middle of the age range (proto/user_event.h). */
const char *face_generation(const struct face *face);

#endif
