/* shipped_model.c - what a picture of the model that ships costs: seconds for one of 512x320
 * pixels with the model's own steps and guidance on two threads, the median of several, and how
 * large the worker's memory gets. In the precision that the generator chooses by itself. */
#include <stdio.h>
#include <stdlib.h>

#include "services/common/shipped.h"
#include "services/generator-gpu/engine.h"
#include "tests/support/figure.h"

enum { PICTURES = 5 };

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(void)
{
    const struct engine_conf conf = {
        .model = SHIPPED_MODEL, .backend = "cpu", .precision = "auto", .threads = 2};
    struct draw draw = {.prompt = "a calm flower garden in spring, sunny, by day",
                        .negative = "",
                        .width = 512,
                        .height = 320,
                        .images = 1};
    double seconds[PICTURES], first = 0;
    struct err err = {0};
    OWNED(engine) engine = engine_open(&conf, &err);

    if (!engine)
        give_up("shipped_model", err.text);
    draw.scheduler = engine_info(engine)->scheduler;
    draw.guidance = engine_info(engine)->guidance;
    for (int i = -1; i < PICTURES; i++) { /* the first one also reads the weights */
        OWNED_VALUE(image) image = {0};
        const double start = figure_now_s();

        draw.seed = i + 2;
        if (engine_draw(engine, &draw, NULL, NULL, &image, NULL, &err) != 1)
            give_up("shipped_model", err.text);
        *(i < 0 ? &first : &seconds[i]) = figure_now_s() - start;
    }
    qsort(seconds, PICTURES, sizeof *seconds, by_size);
    figure_seen("shipped-picture-first", first, "s");
    figure("shipped-picture", seconds[PICTURES / 2], "s", AT_MOST, 3);
    figure("shipped-resident", figure_peak_mb(), "MB", AT_MOST, 300);
    return 0;
}
