/* faces_nets.c - faces_nets [THREADS]: how long the nets of models/face take. Threads: 0 (every
 * core that there is) unless said. One line for each: name, milliseconds, "ms", GFLOP/s.
 *
 * Each net's figure is of the fastest of several runs, with one thread by the processor's time,
 * which other load on the machine does not change much. The last two are of all nets that one
 * face takes (detect, mesh, two eyes, four crops for the expression, two for age and gender,
 * faceres): the fastest and the median, by the clock. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "services/emotion/nets.h"

enum { RUNS = 15, FACE_RUNS = 41 };

struct bench {
    struct nets *nets;
    float *pixels;
    struct net_detection rows[DETECT_ROWS];
    struct net_mesh mesh;
    struct net_face face;
    struct err err;
};

static void give_up(const struct err *err)
{
    (void)fprintf(stderr, "faces_nets: %s\n", err->text);
    exit(EXIT_FAILURE);
}

static int detect(struct bench *b)
{
    return nets_detect(b->nets, b->pixels, b->rows, &b->err);
}

static int mesh(struct bench *b)
{
    return nets_mesh(b->nets, b->pixels, &b->mesh, &b->err);
}

static int iris(struct bench *b)
{
    return nets_iris(b->nets, b->pixels, 1, b->face.eyes, &b->err);
}

static int expression(struct bench *b)
{
    return nets_expression(b->nets, b->pixels, 1, b->face.expressions, &b->err);
}

static int age_gender(struct bench *b)
{
    return nets_age_gender(b->nets, b->pixels, 1, b->face.people, &b->err);
}

static int faceres(struct bench *b)
{
    return nets_faceres(b->nets, b->pixels, &b->face.faceres, &b->err);
}

static int all_of_a_face(struct bench *b)
{
    const struct net_face_crops crops = {
        .eyes = b->pixels,
        .expressions = b->pixels,
        .people = b->pixels,
        .faceres = b->pixels,
        .eye_count = 2,
        .expression_count = 4,
        .person_count = 2,
    };

    if (detect(b) < 0 || mesh(b) < 0)
        return b->err.code;
    return nets_face(b->nets, &crops, &b->face, &b->err);
}

/* Millions of multiplications and additions, as emotion's nets are drawn up. */
static const struct {
    const char *name;
    int (*run)(struct bench *b);
    double mmac;
} singles[] = {
    {"blazeface", detect, 189},     {"facemesh", mesh, 35},         {"iris", iris, 54},
    {"expression", expression, 52}, {"age-gender", age_gender, 97}, {"faceres", faceres, 568},
};

static double ms_of(int (*run)(struct bench *b), struct bench *b, clockid_t clock)
{
    struct timespec from = {0}, to = {0};

    (void)clock_gettime(clock, &from);
    if (run(b) < 0)
        give_up(&b->err);
    (void)clock_gettime(clock, &to);
    return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void time_singles(struct bench *b)
{
    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
        double best = 1e9;

        for (int j = 0; j < RUNS; j++) {
            double ms = ms_of(singles[i].run, b, CLOCK_THREAD_CPUTIME_ID);

            best = ms < best ? ms : best;
        }
        printf("faces-nets-%s\t%.2f\tms\t%.0f GFLOP/s\n", singles[i].name, best,
               2 * singles[i].mmac / best);
    }
}

static void time_face(struct bench *b)
{
    double ms[FACE_RUNS];

    for (size_t i = 0; i < FACE_RUNS; i++)
        ms[i] = ms_of(all_of_a_face, b, CLOCK_MONOTONIC);
    qsort(ms, FACE_RUNS, sizeof ms[0], compare);
    printf("faces-nets-face-best\t%.2f\tms\n", ms[0]);
    printf("faces-nets-face-p50\t%.2f\tms\n", ms[FACE_RUNS / 2]);
}

int main(void)
{
    size_t floats = (size_t)DETECT_SIDE * DETECT_SIDE * 3;
    struct bench *b = calloc(1, sizeof *b);

    b->pixels = calloc(floats, sizeof *b->pixels);
    for (size_t i = 0; i < floats; i++)
        b->pixels[i] = (float)(i * 31 % 256);
    b->nets = nets_open("models/face", 0, &b->err);
    if (!b->nets)
        give_up(&b->err);
    time_singles(b);
    time_face(b);
    nets_free(b->nets);
    free(b->pixels);
    free(b);
    return EXIT_SUCCESS;
}
