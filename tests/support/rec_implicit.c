#include "tests/support/rec_implicit.h"

#include <stdio.h>

#include "tests/support/process.h"

enum { WORDS_MAX = 16, LIMIT_MS = 1800000 };

static const char script[] = "tools/recommender-peers/peers.sh";

/* The last line: seconds, peak in KiB, processor seconds, parameters, tabs between them. */
static int read_line(const char *said, struct rec_metrics *metrics, double *ret_cpu_s,
                     struct buf *ret_params)
{
    const char *line = said;
    char *at;

    for (const char *c = said; *c; c++)
        if (*c == '\n' && c[1])
            line = c + 1;
    metrics->seconds = strtod(line, &at);
    if (at == line || *at != '\t')
        return -1;
    metrics->peak_mb = 1.024e-3 * strtod(at + 1, &at);
    if (*at != '\t')
        return -1;
    *ret_cpu_s = strtod(at + 1, &at);
    if (*at != '\t')
        return -1;
    buf_append(ret_params, at + 1, strcspn(at + 1, "\n"));
    return 0;
}

int rec_implicit_try(const char *method, const char *folder, const char *const *words,
                     const struct rec_split *split, struct rec_metrics *ret_metrics,
                     double *ret_cpu_s, struct buf *ret_params, struct err *err)
{
    const char *argv[WORDS_MAX] = {script, method, folder};
    OWNED_VALUE(buf) said = {0};
    struct rec_metrics measured = {0};
    uint32_t *ranking = malloc((split->asked_count + 1) * REC_TOP * sizeof *ranking);
    double cpu_s = 0;
    char path[4096];
    int status;

    if (!ranking)
        return err_set_nomem(err, "rankings");
    for (size_t i = 0; words[i] && i + 4 < WORDS_MAX; i++)
        argv[i + 3] = words[i];
    status = process_run(argv, NULL, &said, LIMIT_MS);
    (void)snprintf(path, sizeof path, "%s/%s.top.u32", folder, method);
    if (status != 0 || read_line(buf_text(&said), &measured, &cpu_s, ret_params) < 0)
        (void)err_set(err, ERR_REMOTE, "%s %s ended with %d and said: %.150s", script, method,
                      status, buf_text(&said));
    else if (rec_ranking_read(split, path, ranking, err) == 0) {
        *ret_metrics = rec_judge(split, ranking);
        ret_metrics->seconds = measured.seconds;
        ret_metrics->peak_mb = measured.peak_mb;
        if (ret_cpu_s)
            *ret_cpu_s = cpu_s;
    }
    free(ranking);
    return err->code;
}
