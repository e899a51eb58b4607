#include <math.h>

#include "services/emotion/face_mesh.h"
#include "tests/test.h"

static struct net_detection rows[DETECT_ROWS];
static struct face_boxes boxes;

/* As the net would say it: relative to the row's anchor. */
static void say(size_t row, float score, float x, float y, float size)
{
    struct net_anchor anchor = nets_anchor(row);

    rows[row] = (struct net_detection){
        .score = score, .x = x - anchor.x, .y = y - anchor.y, .width = size, .height = size};
    for (size_t i = 0; i < DETECT_POINTS; i++) {
        rows[row].points[i][0] = x - anchor.x + (i == 0 ? -size / 4 : size / 4);
        rows[row].points[i][1] = y - anchor.y;
    }
}

static void say_nothing(void)
{
    for (size_t i = 0; i < DETECT_ROWS; i++)
        rows[i] = (struct net_detection){.score = -10};
}

TEST(boxes_that_overlap_are_one_face_weighted_by_their_scores)
{
    say_nothing();
    say(100, 2, 100, 100, 40);
    say(101, 2, 104, 100, 40); /* as sure: half each */
    say(300, 1, 200, 200, 30);
    face_boxes_read(rows, 128, 128, 256, &boxes);
    CHECK_INT(boxes.count, ==, 2);
    CHECK(fabsf(boxes.boxes[0].x - (102 - 20)) < 0.01F);
    CHECK(fabsf(boxes.boxes[0].score - 0.8808F) < 0.001F);
    CHECK(fabsf(boxes.boxes[0].points[0][0] - (102 - 10)) < 0.01F);
    CHECK(fabsf(boxes.boxes[1].x - 185) < 0.01F);
}

TEST(boxes_are_placed_in_the_picture)
{
    say_nothing();
    say(7, 3, 128, 64, 64);
    face_boxes_read(rows, 640, 360, 1280, &boxes); /* a pixel of the net's is 5 of it */
    CHECK_INT(boxes.count, ==, 1);
    CHECK(fabsf(boxes.boxes[0].x - (640 - 160)) < 0.01F);
    CHECK(fabsf(boxes.boxes[0].y - (64 * 5 - 280 - 160)) < 0.01F);
    CHECK(fabsf(boxes.boxes[0].width - 320) < 0.01F);
    CHECK(fabsf(boxes.boxes[0].seen - 0.25F) < 0.001F);
}

TEST(what_is_likelier_not_a_face_is_none)
{
    say_nothing();
    say(7, -0.01F, 128, 64, 64);
    say(8, 2, 128, 64, -3);
    face_boxes_read(rows, 128, 128, 256, &boxes);
    CHECK_INT(boxes.count, ==, 0);
    CHECK(!boxes.more);
}

TEST(more_faces_than_there_is_room_for_are_told)
{
    say_nothing();
    for (size_t y = 0; y < 6; y++)
        for (size_t x = 0; x < 10; x++)
            say(10 * y + x, 1 + (float)x / 10, 10 + 20 * (float)x, 10 + 20 * (float)y, 10);
    face_boxes_read(rows, 128, 128, 256, &boxes);
    CHECK_INT(boxes.count, ==, FACES_MAX);
    CHECK(boxes.more);
    CHECK(boxes.boxes[0].score > boxes.boxes[FACES_MAX - 1].score);
}

/* A flat mesh: points on a grid, turned by the square's angle. */
static struct face_mesh flat_mesh(float angle)
{
    struct face_mesh mesh = {.face = 1, .square = face_region_square(100, 80, 60, angle)};

    for (size_t i = 0; i < MESH_POINTS; i++) {
        float u = (float)(i % 20) - 9.5F, v = (float)(i % 24) - 11.5F;

        mesh.points[i][0] = 100 + u * cosf(angle) - v * sinf(angle);
        mesh.points[i][1] = 80 + u * sinf(angle) + v * cosf(angle);
    }
    return mesh;
}

TEST(the_bounds_of_a_mesh_are_turned_as_it_is)
{
    static const float angles[] = {0, 0.5F, -1, 3};

    for (size_t i = 0; i < sizeof angles / sizeof *angles; i++) {
        struct face_mesh mesh = flat_mesh(angles[i]);
        struct face_region bounds = face_mesh_bounds(&mesh, 2);

        CHECK(fabsf(bounds.x - 100) < 0.01F && fabsf(bounds.y - 80) < 0.01F);
        CHECK(fabsf(bounds.width - 38) < 0.01F && fabsf(bounds.height - 46) < 0.01F);
        CHECK(fabsf(bounds.side - 46) < 0.01F && bounds.angle == angles[i]);
    }
}

TEST(points_are_found_again_in_a_crop)
{
    struct face_mesh mesh = flat_mesh(0.7F);
    static float points[MESH_POINTS][2];

    face_mesh_in_crop(&mesh, &mesh.square, 120, points); /* 2 pixels for one */
    for (size_t i = 0; i < MESH_POINTS; i++) {
        CHECK(fabsf(points[i][0] - (60 + 2 * ((float)(i % 20) - 9.5F))) < 0.01F);
        CHECK(fabsf(points[i][1] - (60 + 2 * ((float)(i % 24) - 11.5F))) < 0.01F);
    }
}

TEST(the_pose_is_signed_as_the_header_says)
{
    struct face_mesh mesh = {0};

    mesh.points[33][0] = 0; /* eyes: the left one lower, as seen turned clockwise */
    mesh.points[263][0] = 10;
    mesh.points[263][1] = 10;
    mesh.points[454][0] = 10; /* the left cheek further away: looking to the picture's right */
    mesh.points[454][2] = 10;
    mesh.points[152][1] = 10; /* the chin nearer than the forehead: looking up */
    mesh.points[152][2] = -10;
    CHECK(fabsf(face_mesh_pose(&mesh).roll - 45) < 0.01F);
    CHECK(fabsf(face_mesh_pose(&mesh).yaw - 45) < 0.01F);
    CHECK(fabsf(face_mesh_pose(&mesh).pitch - 45) < 0.01F);
}

TEST(an_eye_is_measured_between_its_lids)
{
    struct net_iris iris = {0};

    iris.eye[8][0] = 10;
    for (size_t i = 1; i <= 7; i++)
        iris.eye[i][1] = 3;
    CHECK(fabsf(face_eye_height(&iris) - 0.3F) < 0.001F);
}
