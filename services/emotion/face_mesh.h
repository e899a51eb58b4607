/* face_mesh.h - 468 points on a face, and what can be read from where they are. */
#ifndef SERVICES_EMOTION_FACE_MESH_H
#define SERVICES_EMOTION_FACE_MESH_H

#include "services/emotion/face_detect.h"
#include "services/emotion/face_warp.h"

struct face_mesh {
    float points[MESH_POINTS][3]; /* in the picture's pixels; z: away from the camera */
    float face;                   /* 0..1: that there is a face */
    struct face_region square;    /* what the points were found in: around the box, upright */
};

int face_mesh_find(struct nets *nets, struct face_picture *picture, int threads,
                   const struct face_box *box, struct face_mesh *ret_mesh, struct err *err);

/* The square around the box, scale times as large, turned as the eyes are. */
struct face_region face_box_square(const struct face_box *box, float scale);

/* The points' bounding box in the turned square, scale times as large, in a square of its
 * longer side. */
struct face_region face_mesh_bounds(const struct face_mesh *mesh, float scale);

/* Around an eye, 0: the person's right one, 1: the left one, mirrored so that it looks like a
 * right one. */
struct face_region face_mesh_eye(const struct face_mesh *mesh, int eye);

/* Places of the points in a crop of pixels x pixels of the region. */
void face_mesh_in_crop(const struct face_mesh *mesh, const struct face_region *region,
                       float pixels, float ret_points[MESH_POINTS][2]);

/* How far the lips are apart, as a share of the distance of the eyes' outer corners. */
float face_mesh_mouth(const struct face_mesh *mesh);

/* How high the eye is, as a share of its width. */
float face_eye_height(const struct net_iris *iris);

/* Degrees. Roll: turned clockwise as seen. Yaw: looking to the picture's right. Pitch: looking
 * up. */
struct face_pose {
    float roll, yaw, pitch;
};
struct face_pose face_mesh_pose(const struct face_mesh *mesh);

#endif
