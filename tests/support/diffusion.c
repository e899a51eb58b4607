#include "tests/support/diffusion.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/process.h"

const char *const golden_models[] = {"sd15", "sd21-base", "sd21-v", "garden", NULL};

enum { PATH = 256, PATHS = 4 };

const char *golden_path(const char *model, const char *file)
{
    static char paths[PATHS][PATH];
    static unsigned next;
    char *path = paths[next++ % PATHS];

    (void)snprintf(path, PATH, "%s/%s/%s", GOLDENS, model, file);
    return path;
}

struct safetensors *golden_tensors(const char *model, const char *file)
{
    struct err err = {0};
    struct safetensors *tensors = safetensors_open(golden_path(model, file), &err);

    if (!tensors)
        test_fail("%s", err.text);
    return tensors;
}

const struct safetensor *golden_find(const struct safetensors *file, const char *format, ...)
{
    char name[PATH];
    const struct safetensor *tensor;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    tensor = safetensors_find(file, name);
    if (!tensor)
        test_fail("the goldens have no %s; make golden", name);
    return tensor;
}

bool golden_has(const struct safetensors *file, const char *format, ...)
{
    char name[PATH];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    return safetensors_find(file, name) != NULL;
}

float *golden_floats(const struct safetensor *tensor)
{
    float *floats = malloc(tensor->count * sizeof(*floats));

    if (!floats)
        test_fail("no memory for %s", tensor->name);
    safetensor_read(tensor, 0, tensor->count, floats);
    return floats;
}

json_t *golden_json(const char *path)
{
    OWNED_VALUE(buf) text = {0};
    struct err err = {0};
    json_t *json;

    file_load(path, &text);
    json = json_parse(text.data, text.size, &err);
    if (!json)
        test_fail("%s: %s", path, err.text);
    return json;
}

static enum generation_scheduler scheduler_named(const char *name)
{
    for (int i = 0; generation_scheduler_names[i]; i++)
        if (strcmp(generation_scheduler_names[i], name) == 0)
            return (enum generation_scheduler)i;
    test_fail("cases.json has a scheduler '%s'", name);
}

void golden_case_read(const json_t *entry, struct golden_case *ret_case)
{
    struct draw *draw = &ret_case->draw;
    const char *scheduler = NULL;
    int64_t width = 0, height = 0, steps = 0, images = 0;
    struct err err = {0};

    *ret_case = (struct golden_case){0};
    (void)json_get_str(entry, "name", &ret_case->name, &err);
    (void)json_get_str(entry, "prompt", &draw->prompt, &err);
    (void)json_get_str(entry, "negative", &draw->negative, &err);
    (void)json_get_str(entry, "scheduler", &scheduler, &err);
    (void)json_get_int(entry, "width", &width, &err);
    (void)json_get_int(entry, "height", &height, &err);
    (void)json_get_int(entry, "steps", &steps, &err);
    (void)json_get_int(entry, "images", &images, &err);
    (void)json_get_int(entry, "seed", &draw->seed, &err);
    (void)json_get_number(entry, "guidance", &draw->guidance, &err);
    if (err.code)
        test_fail("cases.json: %s", err.text);
    draw->width = (uint32_t)width;
    draw->height = (uint32_t)height;
    draw->steps = (uint32_t)steps;
    draw->images = (uint32_t)images;
    draw->scheduler = scheduler_named(scheduler);
}

void check_close(const char *what, const float *got, const float *want, size_t count,
                 struct closeness closeness)
{
    double largest = 0, off = 0, squares = 0, off_squares = 0, max, rms;
    size_t worst = 0;

    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)got[i] - want[i]);

        if (!isfinite(got[i]))
            test_fail("%s: element %zu of %zu is %g, wanted %g", what, i, count, got[i],
                      want[i]);
        if (difference > off) {
            off = difference;
            worst = i;
        }
        largest = fmax(largest, fabs((double)want[i]));
        squares += (double)want[i] * want[i];
        off_squares += difference * difference;
    }
    max = off / fmax(largest, 1e-30);
    rms = sqrt(off_squares / fmax(squares, 1e-30));
    if (max > closeness.tolerance || rms > closeness.tolerance)
        test_fail("%s: off by %.3g of the largest value and %.3g by root mean square (allowed "
                  "%.3g); worst is element %zu of %zu: %.9g, wanted %.9g",
                  what, max, rms, closeness.tolerance, worst, count, got[worst], want[worst]);
    if (closeness.loud)
        printf("# %s: off by %.2g of the largest value, %.2g by root mean square\n", what, max,
               rms);
}
