/* face_mesh.c - see face_mesh.h. The numbers of the points are MediaPipe's. */
#include "services/emotion/face_mesh.h"

#include <math.h>

#define MESH_SCALE 1.5F
#define EYE_SCALE 2.3F /* of the distance of the eye's corners */

enum {
    RIGHT_EYE_OUTER = 33,
    RIGHT_EYE_INNER = 133,
    LEFT_EYE_OUTER = 263,
    LEFT_EYE_INNER = 362,
    RIGHT_SIDE = 234, /* where the cheek ends before the ear */
    LEFT_SIDE = 454,
    FOREHEAD = 10,
    CHIN = 152,
    LIPS = 3,      /* pairs of points on the lips' inner edges */
    IRIS_LIDS = 7, /* pairs of points between the corners of an eye, the iris net's 0 and 8 */
};

static float distance(const float *a, const float *b)
{
    return hypotf(a[0] - b[0], a[1] - b[1]);
}

struct face_region face_box_square(const struct face_box *box, float scale)
{
    const float *right = box->points[0], *left = box->points[1];

    return face_region_square(box->x + box->width / 2, box->y + box->height / 2,
                              fmaxf(box->width, box->height) * scale,
                              atan2f(left[1] - right[1], left[0] - right[0]));
}

int face_mesh_find(struct nets *nets, struct face_picture *picture, int threads,
                   const struct face_box *box, struct face_mesh *ret_mesh, struct err *err)
{
    struct face_region square = face_box_square(box, MESH_SCALE);
    float c = cosf(square.angle), s = sinf(square.angle), scale = square.side / MESH_SIDE;
    float *pixels = picture->crops->mesh;
    struct net_mesh mesh;
    int r;

    face_warp(picture, &square, MESH_SIDE, threads, pixels);
    r = nets_mesh(nets, pixels, &mesh, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < MESH_POINTS; i++) {
        float x = mesh.points[i][0] * scale - square.side / 2;
        float y = mesh.points[i][1] * scale - square.side / 2;

        ret_mesh->points[i][0] = square.x + x * c - y * s;
        ret_mesh->points[i][1] = square.y + x * s + y * c;
        ret_mesh->points[i][2] = mesh.points[i][2] * scale;
    }
    ret_mesh->face = mesh.face;
    ret_mesh->square = square;
    return 0;
}

/* Where a point of the picture is relative to the region's middle, along its sides. */
static void turn_back(const struct face_region *region, const float *point, float ret[2])
{
    float c = cosf(region->angle), s = sinf(region->angle);
    float x = point[0] - region->x, y = point[1] - region->y;

    ret[0] = x * c + y * s;
    ret[1] = y * c - x * s;
}

struct face_region face_mesh_bounds(const struct face_mesh *mesh, float scale)
{
    const struct face_region *square = &mesh->square;
    float c = cosf(square->angle), s = sinf(square->angle), low[2], high[2], x, y;
    struct face_region bounds = {.angle = square->angle};

    turn_back(square, mesh->points[0], low);
    turn_back(square, mesh->points[0], high);
    for (size_t i = 1; i < MESH_POINTS; i++) {
        float at[2];

        turn_back(square, mesh->points[i], at);
        for (size_t k = 0; k < 2; k++) {
            low[k] = fminf(low[k], at[k]);
            high[k] = fmaxf(high[k], at[k]);
        }
    }
    x = (low[0] + high[0]) / 2;
    y = (low[1] + high[1]) / 2;
    bounds.x = square->x + x * c - y * s;
    bounds.y = square->y + x * s + y * c;
    bounds.width = (high[0] - low[0]) * scale;
    bounds.height = (high[1] - low[1]) * scale;
    bounds.side = fmaxf(bounds.width, bounds.height);
    return bounds;
}

struct face_region face_mesh_eye(const struct face_mesh *mesh, int eye)
{
    const float *outer = mesh->points[eye ? LEFT_EYE_OUTER : RIGHT_EYE_OUTER];
    const float *inner = mesh->points[eye ? LEFT_EYE_INNER : RIGHT_EYE_INNER];
    float x = inner[0] - outer[0], y = inner[1] - outer[1];
    struct face_region region =
        face_region_square((outer[0] + inner[0]) / 2, (outer[1] + inner[1]) / 2,
                           hypotf(x, y) * EYE_SCALE, eye ? atan2f(-y, -x) : atan2f(y, x));

    region.mirrored = eye != 0;
    return region;
}

void face_mesh_in_crop(const struct face_mesh *mesh, const struct face_region *region,
                       float pixels, float ret_points[MESH_POINTS][2])
{
    for (size_t i = 0; i < MESH_POINTS; i++) {
        turn_back(region, mesh->points[i], ret_points[i]);
        for (size_t k = 0; k < 2; k++)
            ret_points[i][k] = (ret_points[i][k] / region->side + 0.5F) * pixels;
    }
}

float face_mesh_mouth(const struct face_mesh *mesh)
{
    static const unsigned short lips[LIPS][2] = {{13, 14}, {82, 87}, {312, 317}};
    const float(*points)[3] = mesh->points;
    float sum = 0;

    for (size_t i = 0; i < LIPS; i++)
        sum += distance(points[lips[i][0]], points[lips[i][1]]);
    return sum / LIPS / distance(points[RIGHT_EYE_OUTER], points[LEFT_EYE_OUTER]);
}

float face_eye_height(const struct net_iris *iris)
{
    float sum = 0;

    for (size_t i = 1; i <= IRIS_LIDS; i++)
        sum += distance(iris->eye[i], iris->eye[i + IRIS_LIDS + 1]);
    return sum / IRIS_LIDS / distance(iris->eye[0], iris->eye[IRIS_LIDS + 1]);
}

static float degrees(float radians)
{
    return radians * (180 / (float)M_PI);
}

struct face_pose face_mesh_pose(const struct face_mesh *mesh)
{
    const float(*p)[3] = mesh->points;
    const float *right = p[RIGHT_EYE_OUTER], *left = p[LEFT_EYE_OUTER];

    return (struct face_pose){
        .roll = degrees(atan2f(left[1] - right[1], left[0] - right[0])),
        .yaw = degrees(
            atan2f(p[LEFT_SIDE][2] - p[RIGHT_SIDE][2], distance(p[LEFT_SIDE], p[RIGHT_SIDE]))),
        .pitch = degrees(atan2f(p[FOREHEAD][2] - p[CHIN][2], distance(p[FOREHEAD], p[CHIN]))),
    };
}
