/* nets_internal.h - the nets to nets.c: what there is of each, and its topology. */
#ifndef SERVICES_EMOTION_NETS_INTERNAL_H
#define SERVICES_EMOTION_NETS_INTERNAL_H

#include "services/emotion/nets.h"
#include "services/emotion/nets_pass.h"

struct net_def {
    const char *name;    /* of the file, before ".safetensors" */
    uint32_t side;       /* of the square that it takes */
    size_t result_bytes; /* of what ret points to */

    /* One crop through the net. In a plan pixels and ret are NULL. */
    void (*pass)(struct pass *pass, const float *pixels, void *ret);
};

extern const struct net_def net_blazeface;  /* ret: struct net_detection [DETECT_ROWS] */
extern const struct net_def net_facemesh;   /* struct net_mesh */
extern const struct net_def net_iris;       /* struct net_iris */
extern const struct net_def net_expression; /* float [EXPRESSIONS] */
extern const struct net_def net_age_gender; /* struct net_age_gender */
extern const struct net_def net_faceres;    /* struct net_faceres */

/* How both nets of face-api want their pixels. */
extern const struct pass_pixels net_face_api_pixels;

#endif
