/* face_score.h - from what the nets and the measurements say to the answer's words.
 *
 * Words come from thresholds that were found on 53 labelled pictures. Each has a confidence:
 *
 *   50 + (top - 50) * (1 - e^(-|measured - threshold| / spread))
 *
 * At the threshold that is 50, a guess. Far from it it comes near to top, which is how often
 * the word was right on the labelled pictures, (right + 1) / (pictures + 2) by the rule of
 * succession: what was seen on few pictures is never told with much confidence. The spread is
 * the distance at which two thirds of that are reached. Where the word is a net's own share
 * (male, smile) the share's distance from 1/2 takes the place of the exponential.
 *
 * Faces seen from the side, small ones and those that fewer nets have looked at are believed
 * less: face_belief says by how much. The thresholds were chosen on the same pictures, so even
 * this is on the hopeful side. */
#ifndef SERVICES_EMOTION_FACE_SCORE_H
#define SERVICES_EMOTION_FACE_SCORE_H

#include "services/emotion/analysis.h"
#include "services/emotion/face_traits.h"

/* All that was measured of a face. */
struct face_measures {
    float expressions[EXPRESSIONS]; /* shares that sum to 1, in the net's order */
    float age, male;                /* years; 0..1 */
    float eye_height, mouth;        /* face_eye_height, the eyes' mean; face_mesh_mouth */
    float pixels;                   /* width of the face in the picture as sent */
    struct face_pose pose;
    struct face_traits traits;
    bool brief; /* fewer nets have looked at it */
};

/* Fills all but the box and that it is a face. */
void face_score(const struct face_measures *measures, struct face *face);

/* In percent, 100 together, in emotion_names' order. The net is nearly always sure of one
 * expression; roots make the others visible. Nobody ships a net that knows confusion: its score
 * is how undecided the expression is, unless it is happy or surprised. */
void face_score_emotions(const float expressions[EXPRESSIONS],
                         float ret_emotions[EMOTION_COUNT]);

/* 1: believe all of it; down to 0.25. */
float face_belief(const struct face_measures *measures);

#endif
