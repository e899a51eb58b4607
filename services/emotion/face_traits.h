/* face_traits.h - glasses and beards, seen without a net: no model of them that may be shipped
 * was to be found.
 *
 * All is measured on the luma of a turned square around the face (256 x 256), divided by that
 * of the cheeks, so that light and skin matter little. The numbers are what face_score.h holds
 * to thresholds. */
#ifndef SERVICES_EMOTION_FACE_TRAITS_H
#define SERVICES_EMOTION_FACE_TRAITS_H

#include "services/emotion/face_mesh.h"

struct face_traits {
    float bridge;     /* of glasses: the edges on the nose between the eyes */
    float lenses;     /* how bright it is around the eyes; below 1: darker than the cheeks */
    float beard;      /* how much rougher chin and jaws are than the cheeks */
    float mustache;   /* how dark and rough the upper lip is */
    float brightness; /* 0..100 */
    float sharpness;  /* 0..100 */
};

/* light: LIGHT_SIDE x LIGHT_SIDE luma, 0..255; points: the mesh in it. */
struct face_traits face_traits_of(const float *light, const float points[MESH_POINTS][2]);

/* Cuts the face out and measures it. */
struct face_traits face_traits_measure(struct face_picture *picture, int threads,
                                       const struct face_mesh *mesh);

#endif
