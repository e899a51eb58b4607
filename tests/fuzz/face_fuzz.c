/* face_fuzz.c - decoding and looking at faces.
 *
 * What is a picture is decoded, and one in eight (by its size) goes through the nets: the seeds
 * have faces. What is none stands for what the nets could say, however absurd: boxes, meshes,
 * shares. The nets come from models/face below the working directory. */
#include <stdlib.h>
#include <string.h>

#include "services/emotion/engine.h"
#include "services/emotion/face_look.h"

enum { PIXELS_MAX = 300 * 1000, NETS_EVERY = 8 };

static struct face_engine *engine;
static struct face_picture picture;

static void start(void)
{
    struct engine_local_conf conf = {
        .models = "models/face", .threads = 1, .max_pixels = PIXELS_MAX};
    struct err err = {0};

    if (engine)
        return;
    engine = engine_local_new(&conf, &err);
    if (!engine || face_picture_init(&picture, &err) < 0) {
        (void)fprintf(stderr, "face_fuzz: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_face(const struct face *face)
{
    float total = 0;

    for (size_t i = 0; i < EMOTION_COUNT; i++) {
        check(face->emotions[i] >= 0);
        total += face->emotions[i];
    }
    check(total > 99.9F && total < 100.1F);
    check(face->age_low >= 0 && face->age_low <= face->age_high);
    check(face_generation(face) != NULL);
}

/* Takes bytes off the front; zeroes where there are no more. */
static void take(const uint8_t **data, size_t *size, void *to, size_t wanted)
{
    size_t count = *size < wanted ? *size : wanted;

    memset(to, 0, wanted);
    memcpy(to, *data, count);
    *data += count;
    *size -= count;
}

static void look_at_absurd(const uint8_t *data, size_t size)
{
    static struct net_detection rows[DETECT_ROWS];
    static struct face_boxes boxes;
    static struct face_mesh mesh;
    static uint8_t pixels[16 * 16 * 4];
    struct face_measures measures = {0};
    struct face face = {0};

    take(&data, &size, pixels, sizeof pixels);
    take(&data, &size, measures.expressions, sizeof measures.expressions);
    take(&data, &size, &measures.age, 4 * sizeof measures.age);
    take(&data, &size, mesh.points, sizeof mesh.points);
    take(&data, &size, rows, sizeof rows);
    memcpy(picture.memory, pixels, sizeof pixels);
    picture.width = picture.height = 16;
    picture.levels[0] = (struct face_level){16, 16, picture.memory};
    picture.used = sizeof pixels;
    face_boxes_read(rows, 8, 8, 16, &boxes);
    check(boxes.count <= FACES_MAX);
    if (boxes.count) {
        struct face_region bounds;

        mesh.square = face_box_square(&boxes.boxes[0], 1.5F);
        bounds = face_mesh_bounds(&mesh, 1.1F);
        face_warp(&picture, &bounds, EXPRESSION_SIDE, 1, picture.crops->expressions);
        measures.traits = face_traits_measure(&picture, 1, &mesh);
    }
    measures.pose = face_mesh_pose(&mesh);
    face_score(&measures, &face);
    face_picture_wipe(&picture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct analysis analysis;
    struct err err = {0};

    start();
    if (size % NETS_EVERY == 0) {
        if (engine->analyse(engine, data, size, &analysis, &err) == 0)
            for (size_t i = 0; i < analysis.count; i++)
                check_face(&analysis.faces[i]);
        return 0;
    }
    if (face_picture_read(&picture, data, size, PIXELS_MAX, &err) == 0) {
        int level = PICTURE_LEVELS;

        (void)face_picture_level(&picture, &level);
        check(picture.used <= picture.memory_size - sizeof *picture.crops);
    }
    face_picture_wipe(&picture);
    if (err.code)
        look_at_absurd(data, size);
    return 0;
}
