/* face_look.c - see face_look.h. */
#include "services/emotion/face_look.h"

#include <math.h>

#define TIGHT 1.1F /* around the mesh, for expression, age and gender */
#define LOOSE 1.25F
#define FACERES_SCALE 1.6F
#define FACERES_RAISE 0.05F /* of the box's height */
#define FACE_MIN 0.5F       /* the mesh net's word that there is a face */

enum {
    EXPRESSION_SIZE = EXPRESSION_SIDE * EXPRESSION_SIDE * 3,
    EYE_SIZE = IRIS_SIDE * IRIS_SIDE * 3
};

struct look {
    const struct face_looker *by;
    const struct face_box *box;
    struct face_mesh mesh;
    struct net_face answers;
    struct net_face_crops crops;
};

static void cut_expression(struct look *look, float scale, float *pixels)
{
    struct face_region region = face_mesh_bounds(&look->mesh, scale);

    face_warp(look->by->picture, &region, EXPRESSION_SIDE, look->by->threads, pixels);
    if (!look->by->brief)
        face_mirror(pixels, EXPRESSION_SIDE, pixels + EXPRESSION_SIZE);
}

/* The first crop and its mirror image are also for age and gender. */
static void cut_expressions(struct look *look)
{
    float *pixels = look->by->picture->crops->expressions;

    cut_expression(look, TIGHT, pixels);
    look->crops.expressions = look->crops.people = pixels;
    look->crops.expression_count = look->crops.person_count = 1;
    if (look->by->brief)
        return;
    cut_expression(look, LOOSE, pixels + (size_t)2 * EXPRESSION_SIZE);
    look->crops.expression_count = EXPRESSION_CROPS;
    look->crops.person_count = 2;
}

static void cut_eyes(struct look *look)
{
    float *pixels = look->by->picture->crops->irises;

    for (int eye = 0; eye < 2; eye++) {
        struct face_region region = face_mesh_eye(&look->mesh, eye);

        face_warp(look->by->picture, &region, IRIS_SIDE, look->by->threads,
                  pixels + (size_t)eye * EYE_SIZE);
    }
    look->crops.eyes = pixels;
    look->crops.eye_count = 2;
}

static void cut_faceres(struct look *look)
{
    struct face_region region = face_box_square(look->box, FACERES_SCALE);

    region.y -= FACERES_RAISE * look->box->height;
    face_warp(look->by->picture, &region, FACERES_SIDE, look->by->threads,
              look->by->picture->crops->faceres);
    look->crops.faceres = look->by->picture->crops->faceres;
}

/* The expectation, which is nearer to the truth than the likeliest year. */
static float faceres_age(const struct net_faceres *faceres)
{
    float age = 0;

    for (size_t i = 0; i < FACERES_AGES; i++)
        age += faceres->ages[i] * ((float)i + 0.5F);
    return age;
}

static void average(const struct look *look, struct face_measures *m)
{
    const struct net_face *a = &look->answers;
    size_t expressions = look->crops.expression_count, people = look->crops.person_count;

    for (size_t i = 0; i < expressions; i++)
        for (size_t e = 0; e < EXPRESSIONS; e++)
            m->expressions[e] += a->expressions[i][e] / (float)expressions;
    for (size_t i = 0; i < people; i++) {
        m->age += a->people[i].age / (float)people;
        m->male += a->people[i].male / (float)people;
    }
    m->eye_height = (face_eye_height(&a->eyes[0]) + face_eye_height(&a->eyes[1])) / 2;
    if (look->by->brief)
        return;
    m->age = (m->age + faceres_age(&a->faceres)) / 2;
    m->male = (m->male + a->faceres.male) / 2;
}

static void fill(struct look *look, struct face *face)
{
    const struct face_picture *picture = look->by->picture;
    const struct face_box *box = look->box;
    struct face_measures measures = {.brief = look->by->brief};
    float width = (float)picture->width, height = (float)picture->height;

    average(look, &measures);
    measures.mouth = face_mesh_mouth(&look->mesh);
    measures.pose = face_mesh_pose(&look->mesh);
    measures.pixels = box->width * (float)picture->full_width / width;
    measures.traits = face_traits_measure(look->by->picture, look->by->threads, &look->mesh);
    face_score(&measures, face);
    face->left = box->x / width;
    face->top = box->y / height;
    face->width = box->width / width;
    face->height = box->height / height;
    face->confidence = 100 * box->score;
}

int face_look(const struct face_looker *looker, const struct face_box *box,
              struct face *ret_face, struct err *err)
{
    struct look look = {.by = looker, .box = box};
    int r =
        face_mesh_find(looker->nets, looker->picture, looker->threads, box, &look.mesh, err);

    if (r < 0)
        return r;
    if (!(look.mesh.face >= FACE_MIN))
        return 0;
    cut_expressions(&look);
    cut_eyes(&look);
    if (!looker->brief)
        cut_faceres(&look);
    r = nets_face(looker->nets, &look.crops, &look.answers, err);
    if (r < 0)
        return r;
    fill(&look, ret_face);
    return 1;
}
