/* nets_golden_test.c - each net of models/face gives what it gives in the runtime that it was
 * made for, TensorFlow.js (tools/face-models), within 1e-4: of the number itself, or of the
 * mean size of the numbers in the same output where that is more. */
#include <math.h>

#include "lib/nn/safetensors.h"
#include "tests/test.h"
#include "tests/unit/nets_case.h"

static const double most_off = 1e-4;

static struct safetensors *golden_open(const char *net)
{
    struct err err = {0};
    struct safetensors *file;
    char path[128];

    (void)snprintf(path, sizeof path, "tests/golden/faces/%s.safetensors", net);
    file = safetensors_open(path, &err);
    if (!file)
        TEST_FAIL("%s", err.text);
    return file;
}

static double mean_size(const struct safetensor *golden)
{
    double sum = 0;

    for (size_t i = 0; i < golden->count; i++)
        sum += fabs((double)safetensor_at(golden, i));
    return sum / (double)golden->count;
}

/* rows of cols numbers each, step bytes from a row to the next, against PICTURE.OUTPUT. */
struct output {
    const char *name;
    const void *rows;
    size_t cols, step;
};

static void check_output(const struct safetensors *file, const char *picture,
                         const struct output *out)
{
    const struct safetensor *golden;
    char name[64];
    double worst = 0, scale;

    (void)snprintf(name, sizeof name, "%s.%s", picture, out->name);
    golden = safetensors_find(file, name);
    CHECK(golden);
    scale = mean_size(golden);
    for (size_t i = 0; i < golden->count; i++) {
        const char *row = (const char *)out->rows + i / out->cols * out->step;
        double is = ((const float *)(const void *)row)[i % out->cols];
        double should = safetensor_at(golden, i);
        double off = fabs(is - should) / fmax(fabs(should), scale);

        if (!(off <= most_off))
            TEST_FAIL("%s at %zu is %g, not %g", name, i, is, should);
        worst = fmax(worst, off);
    }
    printf("# %s: off by %.1g at most\n", name, worst);
}

static void check_floats(const struct safetensors *file, const char *picture, const char *name,
                         const float *floats)
{
    const struct output out = {name, floats, 1, sizeof *floats};

    check_output(file, picture, &out);
}

static float pixels[CASE_PIXELS * 3];

TEST(blazeface)
{
    static struct net_detection rows[DETECT_ROWS];
    const struct net_detection *coarse = rows + 512;
    const struct output outputs[] = {
        {"fine.score", &rows->score, 1, sizeof *rows},
        {"fine.box", &rows->x, 16, sizeof *rows},
        {"coarse.score", &coarse->score, 1, sizeof *rows},
        {"coarse.box", &coarse->x, 16, sizeof *rows},
    };
    struct err err = {0};
    OWNED(safetensors) golden = golden_open("blazeface");
    OWNED(nets) nets = case_open(1);

    for (size_t i = 0; i < CASE_PICTURES; i++) {
        case_picture(pixels, i, DETECT_SIDE, (struct case_square){0, 0, 256});
        CHECK_OK(nets_detect(nets, pixels, rows, &err), err);
        for (size_t j = 0; j < sizeof outputs / sizeof outputs[0]; j++)
            check_output(golden, case_names[i], &outputs[j]);
    }
}

TEST(facemesh)
{
    struct net_mesh mesh;
    struct err err = {0};
    OWNED(safetensors) golden = golden_open("facemesh");
    OWNED(nets) nets = case_open(1);

    for (size_t i = 0; i < CASE_PICTURES; i++) {
        case_picture(pixels, i, MESH_SIDE, (struct case_square){54, 38, 150});
        CHECK_OK(nets_mesh(nets, pixels, &mesh, &err), err);
        check_floats(golden, case_names[i], "points", mesh.points[0]);
        check_floats(golden, case_names[i], "face", &mesh.face);
    }
}

TEST(iris)
{
    struct net_iris iris;
    struct err err = {0};
    OWNED(safetensors) golden = golden_open("iris");
    OWNED(nets) nets = case_open(1);

    for (size_t i = 0; i < CASE_PICTURES; i++) {
        case_picture(pixels, i, IRIS_SIDE, (struct case_square){83, 77, 46});
        CHECK_OK(nets_iris(nets, pixels, 1, &iris, &err), err);
        check_floats(golden, case_names[i], "points", iris.eye[0]);
    }
}

static const struct case_square head = {83, 68, 90};

TEST(expression)
{
    float shares[1][EXPRESSIONS];
    struct err err = {0};
    OWNED(safetensors) golden = golden_open("expression");
    OWNED(nets) nets = case_open(1);

    for (size_t i = 0; i < CASE_PICTURES; i++) {
        case_picture(pixels, i, EXPRESSION_SIDE, head);
        CHECK_OK(nets_expression(nets, pixels, 1, shares, &err), err);
        check_floats(golden, case_names[i], "shares", shares[0]);
    }
}

TEST(age_gender)
{
    struct net_age_gender person;
    struct err err = {0};
    OWNED(safetensors) golden = golden_open("age_gender");
    OWNED(nets) nets = case_open(1);

    for (size_t i = 0; i < CASE_PICTURES; i++) {
        case_picture(pixels, i, EXPRESSION_SIDE, head);
        CHECK_OK(nets_age_gender(nets, pixels, 1, &person, &err), err);
        check_floats(golden, case_names[i], "age", &person.age);
        check_floats(golden, case_names[i], "male", &person.male);
    }
}

TEST(faceres)
{
    struct net_faceres faceres;
    struct err err = {0};
    OWNED(safetensors) golden = golden_open("faceres");
    OWNED(nets) nets = case_open(1);

    for (size_t i = 0; i < CASE_PICTURES; i++) {
        case_picture(pixels, i, FACERES_SIDE, (struct case_square){56, 36, 144});
        CHECK_OK(nets_faceres(nets, pixels, &faceres, &err), err);
        check_floats(golden, case_names[i], "male", &faceres.male);
        check_floats(golden, case_names[i], "ages", faceres.ages);
    }
}
