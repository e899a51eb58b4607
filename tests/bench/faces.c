/* faces.c - faces MODELS PICTURE [PPM]: how long a visitor waits: from the bytes of a JPEG of
 * 1280 x 720, made of PICTURE (tests/engines/faces.sh: astronaut.png), to words about its face,
 * one after the other, on every core. Writes the picture to PPM, too, for a peer.
 *
 * Prints the median and the rate of RUNS, and the peak of resident memory (the picture's making
 * is left to a child, so that it does not count). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "services/emotion/engine.h"
#include "tests/support/faces.h"

enum { RUNS = 80, WARM = 5, WIDTH = 1280, HEIGHT = 720, JPEG_MAX = 1 << 20, QUALITY = 90 };

struct shared {
    size_t size;
    char jpeg[JPEG_MAX];
};

static void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "faces: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void write_ppm(const char *path, const struct image *image)
{
    FILE *file = fopen(path, "w");

    if (!file || fprintf(file, "P6 %u %u 255\n", image->width, image->height) < 0 ||
        fwrite(image->rgb, 3, (size_t)WIDTH * HEIGHT, file) != (size_t)WIDTH * HEIGHT ||
        fclose(file))
        give_up(path, "cannot be written");
}

static void make_picture(const char *path, const char *ppm, struct shared *shared)
{
    OWNED_VALUE(image) image = faces_picture_at(path);
    OWNED_VALUE(image) scaled = faces_scaled(&image, (float)WIDTH / (float)image.width);
    OWNED_VALUE(image) cut = faces_cut(&scaled, 0, 0, WIDTH, HEIGHT);
    OWNED_VALUE(buf) jpeg = faces_jpeg(&cut, QUALITY);

    if (jpeg.size > sizeof shared->jpeg)
        give_up(path, "its JPEG is too large");
    memcpy(shared->jpeg, jpeg.data, jpeg.size);
    shared->size = jpeg.size;
    if (ppm)
        write_ppm(ppm, &cut);
}

static const struct shared *picture_of(const char *path, const char *ppm)
{
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child;

    if (shared == MAP_FAILED)
        give_up("the picture", "no memory");
    child = fork();
    if (child == 0) {
        make_picture(path, ppm, shared);
        exit(0);
    }
    (void)waitpid(child, NULL, 0);
    if (shared->size == 0)
        give_up(path, "cannot be made a JPEG");
    return shared;
}

static double milliseconds_of(struct face_engine *engine, const struct shared *picture)
{
    struct analysis analysis;
    struct err err = {0};
    int64_t start = clock_mono_ns();

    if (engine->analyse(engine, picture->jpeg, picture->size, &analysis, &err) < 0)
        give_up("a picture", err.text);
    if (analysis.count != 1)
        give_up("a picture", "it has one face, which was not found");
    return (double)(clock_mono_ns() - start) / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void figure(const char *name, double value, const char *unit, double target,
                   bool at_most)
{
    bool ok = at_most ? value <= target : value >= target;

    printf("%s\t%.1f\t%s\t%s %.0f\t%s\n", name, value, unit, at_most ? "<=" : ">=", target,
           ok ? "ok" : "short");
}

int main(int argc, char **argv)
{
    struct engine_local_conf conf = {.models = argc > 1 ? argv[1] : ""};
    const struct shared *picture;
    struct face_engine *engine;
    struct rusage usage;
    struct err err = {0};
    double times[RUNS], total = 0;

    if (argc < 3)
        give_up("usage", "faces MODELS PICTURE [PPM]");
    picture = picture_of(argv[2], argc > 3 ? argv[3] : NULL);
    engine = engine_local_new(&conf, &err);
    if (!engine)
        give_up("the engine", err.text);
    for (int i = 0; i < WARM; i++)
        (void)milliseconds_of(engine, picture);
    for (int i = 0; i < RUNS; i++)
        total += times[i] = milliseconds_of(engine, picture);
    qsort(times, RUNS, sizeof *times, by_value);
    (void)getrusage(RUSAGE_SELF, &usage);
    figure("faces-p50", times[RUNS / 2], "ms", 35, true);
    figure("faces-rate", RUNS * 1000 / total, "pictures/s", 40, false);
    figure("faces-resident", (double)usage.ru_maxrss / 1024, "MB", 120, true);
    face_engine_free(engine);
    return 0;
}
