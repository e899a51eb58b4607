/* nets.h - the six nets of models/face, each as one call.
 *
 * Pixels are rows of RGB floats, 0..255, as the picture has them: what a net wants done to them
 * (mean, scale, BGR) is done here. Where a net takes several crops at once they lie one after
 * the other. Results are as the nets' original runtime gives them, within 1e-4 relative.
 *
 * Sources of the topologies and of the weights: models/face/README.md. */
#ifndef SERVICES_EMOTION_NETS_H
#define SERVICES_EMOTION_NETS_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

enum {
    DETECT_SIDE = 256,
    DETECT_ROWS = 896,
    DETECT_POINTS = 6,
    MESH_SIDE = 192,
    MESH_POINTS = 468,
    IRIS_SIDE = 64,
    IRIS_EYE_POINTS = 71,
    IRIS_POINTS = 5,
    EXPRESSION_SIDE = 112, /* of the age and gender net, too */
    EXPRESSIONS = 7,
    FACERES_SIDE = 224,
    FACERES_AGES = 100,
    NETS_BATCH = 4, /* at most so many crops a call */
};

struct nets;

/* Opens the folder's safetensors. ERR_INVALID names the file and the tensor that is wrong or
 * missing. threads: how
 * many nets may run side by side in nets_face; 0: one on every core that this process may use.
 * One thread at a time. */
struct nets *nets_open(const char *folder, int threads, struct err *err);
void nets_free(struct nets *nets);
DEFINE_OWNED(nets)

/* Zeroes all that is left of pictures in the nets' memory. */
void nets_wipe(struct nets *nets);

/* BlazeFace. A row: the score before the sigmoid, then in pixels relative to the row's anchor
 * the centre x and y, width, height, and six points x, y. */
struct net_anchor {
    float x, y; /* pixels */
};
struct net_detection {
    float score, x, y, width, height, points[DETECT_POINTS][2];
};
int nets_detect(struct nets *nets, const float *pixels,
                struct net_detection ret_rows[DETECT_ROWS], struct err *err);
struct net_anchor nets_anchor(size_t row); /* row < DETECT_ROWS */

/* FaceMesh: points x, y in pixels, z in the same unit; face: 0..1, that there is a face. */
struct net_mesh {
    float points[MESH_POINTS][3];
    float face;
};
int nets_mesh(struct nets *nets, const float *pixels, struct net_mesh *ret_mesh,
              struct err *err);

/* Iris, of a right eye (a left one is mirrored first): points in pixels. */
struct net_iris {
    float eye[IRIS_EYE_POINTS][3], iris[IRIS_POINTS][3];
};
int nets_iris(struct nets *nets, const float *pixels, size_t count, struct net_iris *ret_irises,
              struct err *err);

/* Shares that sum to 1: neutral happy sad angry fearful disgusted surprised. */
int nets_expression(struct nets *nets, const float *pixels, size_t count,
                    float (*ret_expressions)[EXPRESSIONS], struct err *err);

struct net_age_gender {
    float age, male; /* years; 0..1 */
};
int nets_age_gender(struct nets *nets, const float *pixels, size_t count,
                    struct net_age_gender *ret_people, struct err *err);

/* FaceRes: male 0..1; a share for each year of age. The 1024 numbers in it by which people
 * could be told apart stay in the net's memory, and go with nets_wipe. */
struct net_faceres {
    float male, ages[FACERES_AGES];
};
int nets_faceres(struct nets *nets, const float *pixels, struct net_faceres *ret_faceres,
                 struct err *err);

/* All that is asked about a face whose mesh is known, as the four calls above would answer,
 * but side by side on several threads: the way to take for each face.
 * Counts are 0 .. NETS_BATCH; what is not asked (0, NULL) stays untouched in *ret_face. */
struct net_face_crops {
    const float *eyes, *expressions, *people;
    size_t eye_count, expression_count, person_count;
    const float *faceres; /* one, or NULL */
};
struct net_face {
    struct net_iris eyes[NETS_BATCH];
    float expressions[NETS_BATCH][EXPRESSIONS];
    struct net_age_gender people[NETS_BATCH];
    struct net_faceres faceres;
};
int nets_face(struct nets *nets, const struct net_face_crops *crops, struct net_face *ret_face,
              struct err *err);

#endif
