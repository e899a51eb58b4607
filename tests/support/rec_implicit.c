#include "tests/support/rec_implicit.h"

#include <stdio.h>

#include "tests/support/process.h"

enum { WORDS_MAX = 16, LIMIT_MS = 1800000 };

static const char script[] = "tools/recommender-peers/peers.sh";

/* The last line: seconds, peak in KiB, processor seconds, parameters, tabs between them. */
static int read_line(const char *said, struct rec_metrics *metrics, struct buf *ret_params)
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
    metrics->cpu_s = strtod(at + 1, &at);
    if (*at != '\t')
        return -1;
    buf_append(ret_params, at + 1, strcspn(at + 1, "\n"));
    return 0;
}

static int run(const char *const *words, const char *folder, struct rec_metrics *ret_measured,
               struct buf *ret_params, struct err *err)
{
    const char *argv[WORDS_MAX] = {script, words[0], folder};
    OWNED_VALUE(buf) said = {0};
    int status;

    for (size_t i = 1; words[i] && i + 3 < WORDS_MAX; i++)
        argv[i + 2] = words[i];
    status = process_run(argv, NULL, &said, LIMIT_MS);
    if (status == 0 && read_line(buf_text(&said), ret_measured, ret_params) == 0)
        return 0;
    return err_set(err, ERR_REMOTE, "%s %s ended with %d and said: %.150s", script, words[0],
                   status, buf_text(&said));
}

int rec_implicit_try(const char *const *words, const char *folder,
                     const struct rec_split *split, struct rec_metrics *ret_metrics,
                     struct buf *ret_params, struct err *err)
{
    struct rec_metrics measured = {0};
    uint32_t *ranking = malloc((split->asked_count + 1) * REC_TOP * sizeof *ranking);
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s.top.u32", folder, words[0]);
    if (!ranking)
        return err_set_nomem(err, "rankings");
    if (run(words, folder, &measured, ret_params, err) == 0 &&
        rec_ranking_read(split, path, ranking, err) == 0) {
        *ret_metrics = rec_judge(split, ranking);
        ret_metrics->seconds = measured.seconds;
        ret_metrics->cpu_s = measured.cpu_s;
        ret_metrics->peak_mb = measured.peak_mb;
    }
    free(ranking);
    return err->code;
}
