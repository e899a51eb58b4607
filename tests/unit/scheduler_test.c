/* scheduler_test.c - step by step as diffusers (tests/golden/diffusion/schedulers.txt, written
 * by tools/golden/schedulers.py), and what is not supported is refused. */
#include "services/generator-gpu/scheduler.h"

#include <math.h>

#include "tests/test.h"

enum { LATENTS = 4 };

static const float START[LATENTS] = {0.9F, -1.7F, 0.25F, 1.3F};
static const float TARGET[LATENTS] = {-0.5F, 0.75F, 1.25F, -0.125F};

static const char *const KINDS[] = {"auto",    "ddim",     "pndm",           "euler",
                                    "euler-a", "dpmpp-2m", "dpmpp-2m-karras"};

static enum generation_scheduler find_kind(const char *name)
{
    for (int i = 0; i < 7; i++)
        if (strcmp(KINDS[i], name) == 0)
            return (enum generation_scheduler)i;
    TEST_FAIL("there is no scheduler %s", name);
}

static struct scheduler *open_case(const char *kind, const char *config, uint32_t steps)
{
    struct scheduler_conf conf;
    struct scheduler *scheduler;
    struct err err = {0};

    CHECK_OK(scheduler_conf_read(&conf, config, strlen(config), &err), err);
    scheduler = scheduler_new(&conf, find_kind(kind), steps, &err);
    CHECK_OK(err.code, err);
    CHECK(scheduler);
    return scheduler;
}

/* The model and the noise of schedulers.py. */
static void call(struct scheduler *scheduler, size_t i, float *latents)
{
    float shown[LATENTS], predicted[LATENTS], noise[LATENTS], denoised[LATENTS];
    float time = scheduler_timestep(scheduler, i) / 1000;
    const struct scheduler_step step = {i, predicted, noise, latents, denoised, LATENTS};
    struct err err = {0};

    scheduler_scale_input(scheduler, i, latents, shown, LATENTS);
    for (size_t k = 0; k < LATENTS; k++) {
        predicted[k] = 0.6F * shown[k] + TARGET[k] * time;
        noise[k] = TARGET[(k + i) % LATENTS];
    }
    CHECK_OK(scheduler_step(scheduler, &step, &err), err);
    for (size_t k = 0; k < LATENTS; k++)
        if (!isfinite(denoised[k]))
            TEST_FAIL("call %zu at %g: the picture is not finite", i, (double)time);
}

/* Relative to the largest latent before or after the step: what is taken off noise of sigma
 * 4096 cannot be better than that. */
static double difference(const float *latents, const float *before, const double *expected)
{
    double worst = 0, largest = 0;

    for (int k = 0; k < LATENTS; k++) {
        worst = fmax(worst, fabs(latents[k] - expected[k]));
        largest = fmax(largest, fmax(fabs(expected[k]), fabsf(before[k])));
    }
    return worst / largest;
}

struct golden_case {
    char *kind, *config; /* in the line that was read */
    uint32_t steps;
};

/* The next line of the file, without its end; false after the last. */
static bool read_line(FILE *file, char *line, int size)
{
    if (!fgets(line, size, file))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* count numbers, one space between them. */
static void read_numbers(FILE *file, const char *prefix, double *ret_numbers, size_t count)
{
    char line[256], *p = line, *end;

    CHECK(read_line(file, line, sizeof line));
    CHECK(strncmp(line, prefix, strlen(prefix)) == 0);
    p += strlen(prefix);
    for (size_t i = 0; i < count; i++) {
        ret_numbers[i] = strtod(p, &end);
        CHECK(end > p);
        p = end;
    }
    CHECK_STR(p, "");
}

static void run_case(const struct golden_case *c, FILE *file)
{
    OWNED(scheduler) scheduler = open_case(c->kind, c->config, c->steps);
    double start[2], expected[1 + LATENTS]; /* sigma and calls; the time, and the latents */
    float latents[LATENTS], before[LATENTS];

    read_numbers(file, "start ", start, 2);
    if (start[1] != (double)scheduler_calls(scheduler) ||
        fabs(scheduler_initial_sigma(scheduler) / start[0] - 1) > 1e-6)
        TEST_FAIL("%s %u %s: %zu calls from sigma %g, not %g from %g", c->kind, c->steps,
                  c->config, scheduler_calls(scheduler),
                  (double)scheduler_initial_sigma(scheduler), start[1], start[0]);
    for (int k = 0; k < LATENTS; k++)
        latents[k] = START[k] * (float)start[0];
    for (size_t i = 0; i < scheduler_calls(scheduler); i++) {
        float time = scheduler_timestep(scheduler, i);

        read_numbers(file, "", expected, 1 + LATENTS);
        memcpy(before, latents, sizeof before);
        call(scheduler, i, latents);
        if (fabs(time - expected[0]) > 1e-3 || difference(latents, before, expected + 1) > 1e-5)
            TEST_FAIL("%s %u %s: call %zu at %g gives %.7g %.7g %.7g %.7g, not at %g %.7g %.7g "
                      "%.7g %.7g",
                      c->kind, c->steps, c->config, i, (double)time, (double)latents[0],
                      (double)latents[1], (double)latents[2], (double)latents[3], expected[0],
                      expected[1], expected[2], expected[3], expected[4]);
    }
}

/* "case KIND STEPS CONFIG" */
static struct golden_case read_case(char *line)
{
    struct golden_case c;
    char *end;

    CHECK(strncmp(line, "case ", 5) == 0);
    c.kind = line + 5;
    end = strchr(c.kind, ' ');
    CHECK(end);
    *end = '\0';
    c.steps = (uint32_t)strtoul(end + 1, &end, 10);
    CHECK(*end == ' ');
    c.config = end + 1;
    return c;
}

TEST(every_step_is_as_in_diffusers)
{
    FILE *file = fopen("tests/golden/diffusion/schedulers.txt", "r");
    char line[1024];
    int cases = 0;

    CHECK(file);
    CHECK(read_line(file, line, sizeof line)); /* says what wrote it */
    while (read_line(file, line, sizeof line)) {
        struct golden_case c = read_case(line);

        run_case(&c, file);
        cases++;
    }
    (void)fclose(file);
    printf("# %d cases\n", cases);
    CHECK_INT(cases, >, 100);
}

static const char SD15[] =
    "{\"_class_name\":\"PNDMScheduler\",\"beta_end\":0.012,\"beta_schedule\":\"scaled_linear\","
    "\"beta_start\":0.00085,\"num_train_timesteps\":1000,\"set_alpha_to_one\":false,"
    "\"skip_prk_steps\":true,\"steps_offset\":1,\"trained_betas\":null,\"clip_sample\":false}";

TEST(pndm_makes_one_call_more)
{
    OWNED(scheduler) scheduler = open_case("auto", SD15, 50);

    CHECK_INT(scheduler_calls(scheduler), ==, 51);
    CHECK(scheduler_timestep(scheduler, 0) == 981);
    CHECK(scheduler_timestep(scheduler, 1) == 961);
    CHECK(scheduler_timestep(scheduler, 2) == 961);
    CHECK(scheduler_timestep(scheduler, 50) == 1);
    CHECK(!scheduler_takes_noise(scheduler));
}

TEST(starts_again)
{
    OWNED(scheduler) scheduler = open_case("dpmpp-2m", SD15, 4);
    float first[LATENTS], second[LATENTS];

    memcpy(first, START, sizeof first);
    memcpy(second, START, sizeof second);
    for (size_t i = 0; i < 4; i++)
        call(scheduler, i, first);
    for (size_t i = 0; i < 4; i++)
        call(scheduler, i, second);
    for (int k = 0; k < LATENTS; k++)
        CHECK(first[k] == second[k]);
}

TEST(ancestral_takes_noise)
{
    OWNED(scheduler) scheduler = open_case("euler-a", SD15, 4);

    CHECK(scheduler_takes_noise(scheduler));
    CHECK_INT(scheduler_calls(scheduler), ==, 4);
}

TEST(refuses_too_many_steps)
{
    struct scheduler_conf conf;
    struct err err = {0};

    CHECK_OK(scheduler_conf_read(&conf, SD15, strlen(SD15), &err), err);
    conf.train_steps = 20;
    CHECK(!scheduler_new(&conf, GENERATION_DDIM, 21, &err));
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, "21 steps are not possible");
    err_clear(&err);
    CHECK(!scheduler_new(&conf, GENERATION_DDIM, 0, &err));
    err_clear(&err);
    CHECK(!scheduler_new(&conf, GENERATION_DDIM, 20, &err)); /* would begin at 20 of 0..19 */
    CHECK_HAS(err.text, "steps_offset 1");
}

TEST(refuses_what_diffusers_has_not)
{
    struct scheduler_conf conf;
    struct err err = {0};

    CHECK_OK(scheduler_conf_read(&conf, SD15, strlen(SD15), &err), err);
    conf.prediction = PREDICT_SAMPLE;
    CHECK(!scheduler_new(&conf, GENERATION_EULER_A, 5, &err));
    CHECK_HAS(err.text, "euler-a is not defined");
    err_clear(&err);
    conf.prediction = PREDICT_EPSILON;
    conf.skip_prk_steps = SETTING_UNSET;
    CHECK(!scheduler_new(&conf, GENERATION_PNDM, 5, &err));
    CHECK_HAS(err.text, "set skip_prk_steps to true");
}

TEST(refuses_to_divide_by_no_signal)
{
    struct scheduler_conf conf;
    struct err err = {0};

    CHECK_OK(scheduler_conf_read(&conf, SD15, strlen(SD15), &err), err);
    conf.rescale_zero_snr = true;
    conf.spacing = SPACING_TRAILING;
    CHECK(!scheduler_new(&conf, GENERATION_DDIM, 5, &err));
    CHECK_HAS(err.text, "rescale_betas_zero_snr leaves nothing but noise");
    err_clear(&err);
    conf.prediction = PREDICT_V;
    {
        OWNED(scheduler) scheduler = scheduler_new(&conf, GENERATION_DDIM, 5, &err);

        CHECK(scheduler);
    }
}

static void refuses(const char *members, const char *reason)
{
    struct scheduler_conf conf;
    struct err err = {0};
    char json[512];

    (void)snprintf(json, sizeof json, "{\"_class_name\":\"DDIMScheduler\"%s%s}",
                   *members ? "," : "", members);
    if (scheduler_conf_read(&conf, json, strlen(json), &err) != ERR_INVALID)
        TEST_FAIL("%s was taken", json);
    CHECK_HAS(err.text, reason);
}

TEST(refuses_configurations_by_name)
{
    struct scheduler_conf conf;
    struct err err = {0};

    CHECK(scheduler_conf_read(&conf, "{}", 2, &err) == ERR_INVALID);
    CHECK_STR(err.text, "_class_name is missing");
    err_clear(&err);
    CHECK(scheduler_conf_read(&conf, "{\"_class_name\":\"HeunScheduler\"}", 31, &err) < 0);
    CHECK_HAS(err.text, "_class_name is 'HeunScheduler'");
    CHECK_HAS(err.text, "there is: DDIMScheduler, PNDMScheduler, EulerDiscreteScheduler");
    err_clear(&err);
    CHECK(scheduler_conf_read(&conf, "[", 1, &err) == ERR_INVALID);
    refuses("\"beta_schedule\":\"cosine\"", "beta_schedule is 'cosine'");
    refuses("\"prediction_type\":\"flow_prediction\"", "prediction_type is 'flow_prediction'");
    refuses("\"timestep_spacing\":7", "timestep_spacing is a number, not a string");
    refuses("\"beta_end\":1.5", "beta_end is not between 0 and 1");
    refuses("\"beta_start\":-1", "beta_start is not between 0 and 1");
    refuses("\"num_train_timesteps\":0", "num_train_timesteps is not between 1 and");
    refuses("\"num_train_timesteps\":1e15", "num_train_timesteps is not between 1 and");
    refuses("\"trained_betas\":[0.1]", "trained_betas is set");
    refuses("\"thresholding\":true", "thresholding is true");
    refuses("\"use_beta_sigmas\":true", "use_beta_sigmas is true");
    refuses("\"algorithm_type\":\"sde-dpmsolver++\"", "algorithm_type is 'sde-dpmsolver++'");
    refuses("\"solver_order\":3", "solver_order is 3");
    refuses("\"variance_type\":\"learned_range\"", "variance_type is 'learned_range'");
    refuses("\"timestep_type\":\"continuous\"", "timestep_type is 'continuous'");
    refuses("\"clip_sample\":\"no\"", "clip_sample is a string, not true or false");
}

TEST(reads_what_python_writes)
{
    static const char json[] = "{\"_class_name\":\"DPMSolverMultistepScheduler\","
                               "\"lambda_min_clipped\":-Infinity,\"use_karras_sigmas\":true,"
                               "\"solver_type\":\"midpoint\",\"note\":\"-Infinity\",\"new\":7}";
    struct scheduler_conf conf;
    struct err err = {0};

    CHECK_OK(scheduler_conf_read(&conf, json, sizeof json - 1, &err), err);
    CHECK_INT(conf.kind, ==, GENERATION_DPMPP_2M_KARRAS);
    CHECK(isinf(conf.lambda_min_clipped));
    CHECK_INT(conf.train_steps, ==, 1000);
}
