/* diffusion.h - the goldens of tests/golden/diffusion, and how close is close enough.
 *
 * For test programs that run in the root of the tree. Everything fails the test where it cannot
 * be done, and is released when the test's process ends, unless it says otherwise. */
#ifndef TESTS_SUPPORT_DIFFUSION_H
#define TESTS_SUPPORT_DIFFUSION_H

#include <stddef.h>

#include "lib/json/json.h"
#include "lib/nn/safetensors.h"
#include "services/generator-gpu/engine.h"

#define GOLDENS "tests/golden/diffusion"

/* The models: "sd15", "sd21-base", "sd21-v", "garden"; ends with NULL. */
extern const char *const golden_models[];

/* GOLDENS/model/file, valid until the next but three calls. */
const char *golden_path(const char *model, const char *file);

/* To be freed by the caller. */
struct safetensors *golden_tensors(const char *model, const char *file);
const struct safetensor *golden_find(const struct safetensors *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool golden_has(const struct safetensors *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All elements; to be free()d by the caller. */
float *golden_floats(const struct safetensor *tensor);

/* An array; to be json_decref()ed by the caller. */
json_t *golden_json(const char *path);

/* A case of cases.json; the strings belong to entry. */
struct golden_case {
    const char *name;
    struct draw draw;
};
void golden_case_read(const json_t *entry, struct golden_case *ret_case);

/* Fails where the largest difference is more than tolerance of the largest wanted value, or the
 * root mean square of the differences more than tolerance of that of the wanted values; says
 * where, and both values. Prints both ratios otherwise if loud. */
struct closeness {
    double tolerance;
    bool loud;
};
void check_close(const char *what, const float *got, const float *want, size_t count,
                 struct closeness closeness);

#endif
