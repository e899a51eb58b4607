/* scheduler_conf.c - reads scheduler_config.json as diffusers' classes do.
 *
 * What a class does not know it ignores, so a file says more than its own class looks at, and a
 * swapped class sees all of it. Values that would change the picture in a way that is not
 * supported are refused by name.
 *
 * Stable Diffusion's pipeline corrects old files: whatever they say, steps_offset becomes 1 and
 * clip_sample false. So they do here. */
#include "lib/json/json.h"
#include "services/generator-gpu/scheduler.h"

#include <math.h>
#include <string.h>

enum { TRAIN_STEPS_MAX = 100000 };

struct name {
    const char *name;
    int value;
};

static const struct name CLASSES[] = {
    {"DDIMScheduler", GENERATION_DDIM},
    {"PNDMScheduler", GENERATION_PNDM},
    {"EulerDiscreteScheduler", GENERATION_EULER},
    {"EulerAncestralDiscreteScheduler", GENERATION_EULER_A},
    {"DPMSolverMultistepScheduler", GENERATION_DPMPP_2M},
    {NULL, 0},
};
static const struct name PREDICTIONS[] = {{"epsilon", PREDICT_EPSILON},
                                          {"v_prediction", PREDICT_V},
                                          {"sample", PREDICT_SAMPLE},
                                          {NULL, 0}};
static const struct name BETAS[] = {{"linear", BETA_LINEAR},
                                    {"scaled_linear", BETA_SCALED_LINEAR},
                                    {"squaredcos_cap_v2", BETA_SQUARED_COS},
                                    {NULL, 0}};
static const struct name SPACINGS[] = {{"leading", SPACING_LEADING},
                                       {"linspace", SPACING_LINSPACE},
                                       {"trailing", SPACING_TRAILING},
                                       {NULL, 0}};
static const struct name FINAL_SIGMAS[] = {{"zero", false}, {"sigma_min", true}, {NULL, 0}};

/* Only what is of no effect; bh1, bh2 and logrho become midpoint in DPM-Solver. */
static const struct name ALGORITHMS[] = {{"dpmsolver++", 0}, {"deis", 0}, {NULL, 0}};
static const struct name SOLVERS[] = {
    {"midpoint", 0}, {"bh1", 0}, {"bh2", 0}, {"logrho", 0}, {NULL, 0}};
static const struct name INTERPOLATIONS[] = {{"linear", 0}, {NULL, 0}};
static const struct name TIMESTEP_TYPES[] = {{"discrete", 0}, {NULL, 0}};
static const struct name VARIANCES[] = {{"fixed_small", 0},
                                        {"fixed_small_log", 0},
                                        {"fixed_large", 0},
                                        {"fixed_large_log", 0},
                                        {NULL, 0}};

static int unknown(const char *member, const char *value, const struct name *names,
                   struct err *err)
{
    char known[160];
    size_t size = 0;

    for (; names->name && size < sizeof known; names++)
        size += (size_t)snprintf(known + size, sizeof known - size, "%s%s", size ? ", " : "",
                                 names->name);
    return err_set(err, ERR_INVALID, "%s is '%.40s', which is not supported; there is: %s",
                   member, value, known);
}

/* One of the names; *ret stays as it was where the member is missing. */
static int read_name(const json_t *object, const char *member, const struct name *names,
                     int *ret, struct err *err)
{
    const char *value = NULL;

    if (json_opt_str(object, member, &value, err) < 0)
        return err->code;
    for (const struct name *n = names; value && n->name; n++) {
        if (strcmp(n->name, value) == 0) {
            *ret = n->value;
            return 0;
        }
    }
    return value ? unknown(member, value, names, err) : 0;
}

static int read_setting(const json_t *object, const char *member, enum scheduler_setting *ret,
                        struct err *err)
{
    bool value = *ret == SETTING_YES;

    if (json_opt_bool(object, member, &value, err) < 0)
        return err->code;
    if (json_is_boolean(json_object_get(object, member)))
        *ret = value ? SETTING_YES : SETTING_NO;
    return 0;
}

static int refuse_members(const json_t *object, struct err *err)
{
    static const char *const flags[] = {
        "thresholding",   "use_exponential_sigmas", "use_beta_sigmas",
        "use_lu_lambdas", "use_flow_sigmas",        "use_dynamic_shifting",
    };
    static const char *const values[] = {"trained_betas", "sigma_min", "sigma_max"};

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        bool set = false;

        if (json_opt_bool(object, flags[i], &set, err) < 0)
            return err->code;
        if (set)
            return err_set(err, ERR_INVALID, "%s is true, which is not supported", flags[i]);
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const json_t *value = json_object_get(object, values[i]);

        if (value && !json_is_null(value))
            return err_set(err, ERR_INVALID, "%s is set, which is not supported", values[i]);
    }
    return 0;
}

static int refuse_names(const json_t *object, struct err *err)
{
    int64_t order = 2;
    int none = 0;

    if (read_name(object, "algorithm_type", ALGORITHMS, &none, err) < 0 ||
        read_name(object, "solver_type", SOLVERS, &none, err) < 0 ||
        read_name(object, "interpolation_type", INTERPOLATIONS, &none, err) < 0 ||
        read_name(object, "timestep_type", TIMESTEP_TYPES, &none, err) < 0 ||
        read_name(object, "variance_type", VARIANCES, &none, err) < 0 ||
        json_opt_int(object, "solver_order", &order, err) < 0)
        return err->code;
    if (order != 2)
        return err_set(err, ERR_INVALID, "solver_order is %lld, and only 2 is supported",
                       (long long)order);
    return 0;
}

static int read_betas(const json_t *object, struct scheduler_conf *conf, struct err *err)
{
    int64_t steps = conf->train_steps;
    int betas = (int)conf->betas;

    if (read_name(object, "beta_schedule", BETAS, &betas, err) < 0 ||
        json_opt_number(object, "beta_start", &conf->beta_start, err) < 0 ||
        json_opt_number(object, "beta_end", &conf->beta_end, err) < 0 ||
        json_opt_int(object, "num_train_timesteps", &steps, err) < 0 ||
        json_opt_bool(object, "rescale_betas_zero_snr", &conf->rescale_zero_snr, err) < 0)
        return err->code;
    if (!(conf->beta_start > 0 && conf->beta_start < 1))
        return err_set(err, ERR_INVALID, "beta_start is not between 0 and 1");
    if (!(conf->beta_end > 0 && conf->beta_end < 1))
        return err_set(err, ERR_INVALID, "beta_end is not between 0 and 1");
    if (steps < 1 || steps > TRAIN_STEPS_MAX)
        return err_set(err, ERR_INVALID, "num_train_timesteps is not between 1 and %d",
                       TRAIN_STEPS_MAX);
    conf->betas = (enum beta_schedule)betas;
    conf->train_steps = (uint32_t)steps;
    return 0;
}

static int read_steps(const json_t *object, struct scheduler_conf *conf, struct err *err)
{
    int prediction = (int)conf->prediction, spacing = (int)conf->spacing, final = false;
    int64_t offset = -1;

    if (read_name(object, "prediction_type", PREDICTIONS, &prediction, err) < 0 ||
        read_name(object, "timestep_spacing", SPACINGS, &spacing, err) < 0 ||
        read_name(object, "final_sigmas_type", FINAL_SIGMAS, &final, err) < 0 ||
        json_opt_int(object, "steps_offset", &offset, err) < 0)
        return err->code;
    conf->prediction = (enum prediction)prediction;
    conf->spacing = (enum timestep_spacing)spacing;
    conf->final_sigma_min = final;
    conf->steps_offset = 1;
    conf->steps_offset_unset = offset < 0;
    return 0;
}

static int read_solver(const json_t *object, struct scheduler_conf *conf, struct err *err)
{
    bool lower_order_final = true;

    if (read_setting(object, "set_alpha_to_one", &conf->set_alpha_to_one, err) < 0 ||
        read_setting(object, "clip_sample", &conf->clip_sample, err) < 0 ||
        read_setting(object, "skip_prk_steps", &conf->skip_prk_steps, err) < 0 ||
        json_opt_number(object, "clip_sample_range", &conf->clip_range, err) < 0 ||
        json_opt_bool(object, "use_karras_sigmas", &conf->karras, err) < 0 ||
        json_opt_bool(object, "lower_order_final", &lower_order_final, err) < 0 ||
        json_opt_bool(object, "euler_at_final", &conf->euler_at_final, err) < 0 ||
        json_opt_number(object, "lambda_min_clipped", &conf->lambda_min_clipped, err) < 0)
        return err->code;
    if (conf->clip_sample == SETTING_YES)
        conf->clip_sample = SETTING_NO;
    conf->no_lower_order_final = !lower_order_final;
    return 0;
}

static int read_class(const json_t *object, struct scheduler_conf *conf, struct err *err)
{
    const char *name = NULL;
    int kind = GENERATION_AUTO;

    if (json_get_str(object, "_class_name", &name, err) < 0 ||
        read_name(object, "_class_name", CLASSES, &kind, err) < 0)
        return err->code;
    if (kind == GENERATION_DPMPP_2M && conf->karras)
        kind = GENERATION_DPMPP_2M_KARRAS;
    conf->kind = (enum generation_scheduler)kind;
    return 0;
}

static int read_all(const json_t *object, struct scheduler_conf *conf, struct err *err)
{
    if (read_solver(object, conf, err) < 0 || read_class(object, conf, err) < 0 ||
        refuse_members(object, err) < 0 || refuse_names(object, err) < 0 ||
        read_betas(object, conf, err) < 0 || read_steps(object, conf, err) < 0)
        return err->code;
    return 0;
}

/* Python writes -Infinity, which is no JSON, for the default of lambda_min_clipped. */
static void infinities_to_null(char *text, size_t size)
{
    static const char infinity[] = "-Infinity", null[] = "null     ";
    bool in_string = false;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\\' && in_string)
            i++;
        else if (text[i] == '"')
            in_string = !in_string;
        else if (!in_string && size - i >= sizeof infinity - 1 &&
                 memcmp(text + i, infinity, sizeof infinity - 1) == 0)
            memcpy(text + i, null, sizeof null - 1);
    }
}

int scheduler_conf_read(struct scheduler_conf *ret_conf, const char *json, size_t size,
                        struct err *err)
{
    struct scheduler_conf conf = {.beta_start = 0.0001,
                                  .beta_end = 0.02,
                                  .train_steps = 1000,
                                  .clip_range = 1,
                                  .lambda_min_clipped = -INFINITY};
    OWNED_VALUE(buf) text = {0};
    OWNED_JSON object = NULL;

    buf_append(&text, json, size);
    if (!buf_ok(&text))
        return err_set_nomem(err, "the scheduler's configuration");
    infinities_to_null(text.data, text.size);
    object = json_parse(text.data, text.size, err);
    if (!object || read_all(object, &conf, err) < 0)
        return err->code;
    *ret_conf = conf;
    return 0;
}
