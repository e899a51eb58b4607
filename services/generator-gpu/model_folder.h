/* model_folder.h - a part of a diffusers folder: its config.json and its weights.
 *
 * Members are read with the range that they have to be in. What a configuration asks for and
 * this engine has no code for is refused by the member's name and value, never passed over: the
 * picture would be another one. */
#ifndef SERVICES_GENERATOR_GPU_MODEL_FOLDER_H
#define SERVICES_GENERATOR_GPU_MODEL_FOLDER_H

#include "lib/json/json.h"
#include "lib/nn/safetensors.h"

enum { MODEL_LEVELS_MAX = 8 }; /* blocks a UNet or a VAE has one way */

struct model_part {
    const char *name; /* "unet"; borrowed */
    json_t *config;   /* an object */
    struct safetensors *weights;
};

/* weights: the file's name before ".safetensors" or ".fp16.safetensors". Errors name the file.
 */
int model_part_open(struct model_part *ret_part, const char *model, const char *name,
                    const char *weights, struct err *err);
void model_part_done(struct model_part *part);

/* Path of the weights that model_part_open takes. */
int model_weights_path(const char *model, const char *name, const char *weights,
                       char ret_path[4096], struct err *err);

/* Reads and parses <model>/<name>; the top is an object. */
json_t *model_json(const char *model, const char *name, struct err *err);

/* Reading a configuration. The first failure is in err, after which the rest gives fallbacks.
 */
struct model_config {
    const char *part;
    const json_t *json;
    struct err *err;
};

/* A whole number of min..max; fallback 0 means that the member has to be there. */
uint32_t model_config_int(const struct model_config *config, const char *member, uint32_t min,
                          uint32_t max, uint32_t fallback);
double model_config_number(const struct model_config *config, const char *member,
                           double fallback);
bool model_config_bool(const struct model_config *config, const char *member, bool fallback);

/* Which of names (ends with NULL) a string is; the first where it is missing. */
size_t model_config_choice(const struct model_config *config, const char *member,
                           const char *const names[]);

/* count numbers from a list of as many, or the same number for each. */
void model_config_ints(const struct model_config *config, const char *member, uint32_t *ret,
                       size_t count, uint32_t max, uint32_t fallback);

/* A list of 1..MODEL_LEVELS_MAX numbers; returns how many. */
size_t model_config_list(const struct model_config *config, const char *member,
                         uint32_t ret[MODEL_LEVELS_MAX], uint32_t max);

/* Which of names (ends with NULL) each of the count strings of a list is. */
void model_config_names(const struct model_config *config, const char *member,
                        const char *const names[], size_t *ret, size_t count);

/* Refuses whatever is not allowed, which is JSON: "null", "false", "1", "\"default\"". A member
 * that is missing or null is let through. */
void model_config_only(const struct model_config *config, const char *member,
                       const char *allowed);

#endif
