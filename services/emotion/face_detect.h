/* face_detect.h - where the faces are.
 *
 * The picture is looked at as a whole, once more smaller where nothing was found or something
 * very near, and in parts at twice and three times the size where there is a group of small
 * faces or nothing at all: the net knows faces of about 15 to 150 of its 256 pixels. */
#ifndef SERVICES_EMOTION_FACE_DETECT_H
#define SERVICES_EMOTION_FACE_DETECT_H

#include "services/emotion/analysis.h"
#include "services/emotion/face_picture.h"

struct face_box {
    float score;                    /* 0..1 */
    float x, y, width, height;      /* upper left corner; in the picture's pixels */
    float points[DETECT_POINTS][2]; /* right eye, left eye (the person's), nose, mouth, ears */
    float seen;                     /* width as a share of what was looked at */
};

struct face_boxes {
    size_t count;
    bool more; /* there were more than FACES_MAX */
    struct face_box boxes[FACES_MAX];
};

/* What the net said about a square of the picture to boxes, overlapping ones averaged by their
 * scores. The best FACES_MAX, the best first. */
void face_boxes_read(const struct net_detection rows[DETECT_ROWS], float x, float y, float side,
                     struct face_boxes *ret_boxes);

/* The largest first. */
int face_detect(struct nets *nets, struct face_picture *picture, int threads,
                struct face_boxes *ret_boxes, struct err *err);

#endif
