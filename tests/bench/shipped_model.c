/* shipped_model.c - what a picture of the model that ships costs: seconds for one of 512x320
 * pixels with the model's own steps and guidance on two threads, the median of several; how
 * large the worker's memory gets; and how much longer it takes where two other processes never
 * rest, as a browser or a build beside it (half of the processor is 2). In the precision that
 * the generator chooses by itself. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/nn/parallel.h"
#include "services/common/shipped.h"
#include "services/generator-gpu/engine.h"
#include "tests/support/figure.h"

enum { PICTURES = 5, OTHERS = 2 };

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median seconds of a picture. */
static double draw_some(struct engine *engine)
{
    struct draw draw = {.prompt = "a calm flower garden in spring, sunny, by day",
                        .negative = "",
                        .width = 512,
                        .height = 320,
                        .images = 1,
                        .scheduler = engine_info(engine)->scheduler,
                        .guidance = engine_info(engine)->guidance};
    double seconds[PICTURES];
    struct err err = {0};

    for (int i = 0; i < PICTURES; i++) {
        OWNED_VALUE(image) image = {0};
        const double start = figure_now_s();

        draw.seed = i + 1;
        if (engine_draw(engine, &draw, NULL, NULL, &image, NULL, &err) != 1)
            give_up("shipped_model", err.text);
        seconds[i] = figure_now_s() - start;
    }
    qsort(seconds, PICTURES, sizeof *seconds, by_size);
    return seconds[PICTURES / 2];
}

static pid_t start_other(void)
{
    volatile unsigned spun = 0;
    pid_t pid = fork();

    if (pid < 0)
        give_up("shipped_model", "no process beside this one");
    if (pid > 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        spun = spun + 1;
}

int main(int argc, char **argv)
{
    const struct engine_conf conf = {
        .model = SHIPPED_MODEL, .backend = "cpu", .precision = "auto", .threads = 2};
    double alone;
    pid_t others[OTHERS];
    struct err err = {0};
    OWNED(engine) engine = NULL;

    (void)argc;
    parallel_share(argv); /* as the generator does */
    engine = engine_open(&conf, &err);
    if (!engine)
        give_up("shipped_model", err.text);
    (void)draw_some(engine); /* which also reads the weights */
    alone = draw_some(engine);
    figure("shipped-picture", alone, "s", AT_MOST, 3);
    figure("shipped-resident", figure_peak_mb(), "MB", AT_MOST, 300);
    for (int i = 0; i < OTHERS; i++)
        others[i] = start_other();
    figure("shipped-picture-busy", draw_some(engine) / alone, "x", AT_MOST, 3);
    for (int i = 0; i < OTHERS; i++)
        (void)kill(others[i], SIGKILL);
    return 0;
}
