/* evaluate.c - gardenctl evaluate: has the recommender judge a policy by the log of what
 * visitors were shown and liked, and follows it to the end. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gardenctl/command.h"
#include "gardenctl/progress.h"
#include "gardenctl/remote.h"
#include "lib/base/stop.h"
#include "lib/base/text.h"

enum { POLL_MS = 300 };

#define FEW 100 /* pictures: less is no sample */
#define OFF \
    0.3 /* of the mean weight, which is 1 where the log has all that a policy would show */

#define PATH "/v1/evaluations"

static const struct args_option options[] = {
    {"--exploration", "SHARE", "of the places that go to new pictures, 0 to 1"},
    {"--exploration-days", "DAYS", "how long a picture is new"},
    {"--factors", "N", "numbers that stand for what a visitor likes, a multiple of 16"},
    {"--sweeps", "N", "rounds of a training"},
    {"--learn-share", "SHARE", "of the log that it learns from, 0 to 0.95; the rest judges"},
    {"--clip", "WEIGHT", "the most that one picture may count; 0: any"},
};
static const char *const members[] = {"exploration", "exploration_days", "factors",
                                      "sweeps",      "learn_share",      "clip"};

/* -- what is asked for -- */

static int write_body(const struct args *args, struct buf *out, struct err *err)
{
    json_write_open(out, '{');
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const char *text = args_get(args, options[i].name);
        char *end;
        double number;

        if (!text)
            continue;
        number = strtod(text, &end);
        if (!*text || *end || !isfinite(number))
            return err_set(err, ERR_INVALID, "%s is '%.40s': it takes a number",
                           options[i].name, text);
        json_write_name(out, members[i]);
        json_write_number(out, number);
    }
    json_write_close(out, '}');
    return 0;
}

/* -- following it -- */

static int read_state(const json_t *answer, int64_t *ret_id, bool *ret_running,
                      double *ret_done, struct err *err)
{
    const char *state = "", *reason = "";

    if (json_get_int(answer, "id", ret_id, err) < 0 ||
        json_get_str(answer, "state", &state, err) < 0 ||
        json_opt_str(answer, "reason", &reason, err) < 0 ||
        json_opt_number(answer, "done", ret_done, err) < 0)
        return err_wrap(err, "the recommender's answer");
    *ret_running = strcmp(state, "running") == 0;
    if (strcmp(state, "failed") == 0)
        return err_set(err, ERR_REMOTE, "the policy could not be judged: %s", reason);
    return 0;
}

static int follow(struct remote *remote, const struct buf *body, json_t **ret, struct err *err)
{
    struct progress progress;
    bool running = true;
    double done = 0;
    int64_t id = 0;
    char path[64];
    int r = remote_call(remote, "POST", PATH, body, ret, err);

    if (r == 0)
        r = read_state(*ret, &id, &running, &done, err);
    (void)snprintf(path, sizeof path, PATH "/%" PRId64, id);
    progress_start(&progress, "judging", "percent", 100);
    while (r == 0 && running && !stop_wait(POLL_MS)) {
        json_decref(*ret);
        *ret = NULL;
        r = remote_call(remote, "GET", path, NULL, ret, err);
        if (r == 0)
            r = read_state(*ret, &id, &running, &done, err);
        progress_at(&progress, (uint64_t)(done * 100));
    }
    progress_end(&progress);
    if (r == 0 && running)
        return err_set(err, ERR_UNAVAILABLE,
                       "stopped looking; the recommender goes on with it");
    return r;
}

/* -- what came out -- */

static double number_of(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static void print_estimate(const json_t *answer, const char *name, const char *meaning)
{
    const json_t *estimate = json_object_get(answer, name);

    printf("  %-44s %.4f  +- %.4f\n", meaning, number_of(estimate, "value"),
           1.96 * number_of(estimate, "standard_error"));
}

static void print_verdict(const json_t *answer)
{
    const json_t *dr = json_object_get(answer, "dr");
    const double gain = number_of(dr, "value") - number_of(answer, "logged");
    const double doubt = 1.96 * number_of(dr, "standard_error");

    if (number_of(answer, "effective_sample_size") < FEW ||
        fabs(number_of(answer, "mean_weight") - 1) > OFF)
        printf(
            "This log cannot tell yet whether it would be liked more or less: most of what it "
            "would show was shown too seldom. A longer log, or one with more exploration, "
            "tells more.\n");
    else if (gain > doubt)
        printf("It would be liked more than what was shown.\n");
    else if (-gain > doubt)
        printf("It would be liked less than what was shown.\n");
    else
        printf("The log does not tell whether it would be liked more or less.\n");
}

static void print_answer(const json_t *answer)
{
    printf("Likes for each picture that is shown (with 95 %% of confidence)\n");
    printf("  %-44s %.4f\n", "what was shown", number_of(answer, "logged"));
    print_estimate(answer, "ips", "this policy, by inverse propensities");
    print_estimate(answer, "snips", "... self-normalised");
    print_estimate(answer, "dr", "... doubly robust");
    printf(
        "Judged by %.0f pictures in %.0f acts of %.0f; %.0f acts say no propensities. As much "
        "as %.0f pictures of its own.\n",
        number_of(answer, "judged_places"), number_of(answer, "judged_acts"),
        number_of(answer, "acts"), number_of(answer, "without_propensities"),
        number_of(answer, "effective_sample_size"));
    print_verdict(answer);
}

static int run(const struct args *args)
{
    OWNED_VALUE(remote) remote = {0};
    OWNED_VALUE(buf) body = {0};
    OWNED_JSON answer = NULL;
    struct err err = {0};

    if (write_body(args, &body, &err) < 0)
        return command_misused("evaluate", "%s", err.text);
    if (stop_on_signals(&err) < 0 || remote_open(&remote, &err) < 0 ||
        follow(&remote, &body, &answer, &err) < 0)
        return command_failed(&err);
    print_answer(answer);
    return EXIT_WORKED;
}

const struct command command_evaluate = {
    .name = "evaluate",
    .words = "",
    .meaning =
        "Judges other settings of the recommender by what visitors liked, before they are "
        "used",
    .details =
        "The recommender learns with these settings from the older part of the log and is "
        "judged\n"
        "by the newer one: by inverse propensities, and doubly robust. What is not given is as "
        "it\n"
        "is now. It needs the running garden, and visitors who were shown its answers.\n\n"
        "Example: gardenctl evaluate --exploration 0.3\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
