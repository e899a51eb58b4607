/* recommender_speed.c - how long it takes to learn from 10 million likes of 1,000,000 users and
 * 100,000 items, and how well what was learnt foretells: lib/rec's iALS and
 * implicit's ALS, one after the other, with two threads each.
 *
 *   recommender_speed                measures both
 *   recommender_speed train FOLDER   trains ours on a split, in a process whose memory is
 * nothing else's; prints seconds, peak in KiB and processor seconds
 *
 * The data are made up (tests/support/rec_dataset.h), cut in time, and judged by a sample of
 * the users (full ranking). Times are of training alone: from the matrix by users in memory to
 * the factors. Both have 64 factors, as many rounds as they need (implicit its 15; ours solves
 * exactly, and has 10), and the parameters that were best for each of about ten on a twentieth
 * of the users. */
#include <stdio.h>

#include "tests/support/figure.h"
#include "tests/support/process.h"
#include "tests/support/rec_implicit.h"
#include "tests/support/rec_peers.h"

enum { USERS = 1000000, ITEMS = 100000, TOPICS = 64, ASKED = 5000, THREADS = 2 };

#define LIKES_EACH 13.5 /* so that ten million are left before the cut */

static const char name[] = "recommender_speed";

static void check(int r, const struct err *err)
{
    if (r < 0 || err->code < 0)
        give_up(name, err->text);
}

/* -- ours, in a process of its own ------------------------------------------------------------
 */

static struct rec_peer_conf ours(void)
{
    return (struct rec_peer_conf){.method = REC_IALS,
                                  .als = {.factors = 64,
                                          .sweeps = 10,
                                          .unobserved = 0.05F,
                                          .regularisation = 0.3F,
                                          .frequency = 0.5F,
                                          .threads = THREADS,
                                          .seed = 1}};
}

static int train(const char *folder)
{
    const struct rec_peer_conf conf = ours();
    struct err err = {0};
    OWNED(rec_split) split = rec_split_read(folder, &err);
    OWNED(rec_peer) peer = NULL;
    double start = figure_now_s(), cpu = figure_cpu_s(), seconds, peak;
    char path[4096];
    uint32_t *ranking;
    FILE *file;

    check(0, &err);
    peer = rec_peer_new(&conf, split, &err);
    check(0, &err);
    seconds = figure_now_s() - start;
    cpu = figure_cpu_s() - cpu;
    peak = figure_peak_mb();
    ranking = malloc((split->asked_count + 1) * REC_TOP * sizeof *ranking);
    if (!ranking)
        give_up(name, "no memory");
    check(rec_rank(split, rec_peer_score, peer, ranking, &err), &err);
    (void)snprintf(path, sizeof path, "%s/ours.top.u32", folder);
    file = fopen(path, "w");
    if (!file ||
        fwrite(ranking, REC_TOP * sizeof *ranking, split->asked_count, file) !=
            split->asked_count ||
        fclose(file))
        give_up(path, "cannot be written");
    free(ranking);
    printf("%.3f\t%.0f\t%.3f\n", seconds, peak, cpu);
    return 0;
}

static struct rec_metrics run_ours(const struct rec_split *split, const char *folder)
{
    const char *const argv[] = {"/proc/self/exe", "train", folder, NULL};
    OWNED_VALUE(buf) said = {0};
    uint32_t *ranking = malloc((split->asked_count + 1) * REC_TOP * sizeof *ranking);
    struct rec_metrics result;
    double seconds, peak, cpu_s;
    struct err err = {0};
    char path[4096], *at;

    if (!ranking)
        give_up(name, "no memory");
    if (process_run(argv, NULL, &said, 1200000) != 0)
        give_up(name, buf_text(&said));
    seconds = strtod(buf_text(&said), &at);
    peak = strtod(at, &at);
    cpu_s = strtod(at, &at);
    (void)snprintf(path, sizeof path, "%s/ours.top.u32", folder);
    check(rec_ranking_read(split, path, ranking, &err), &err);
    result = rec_judge(split, ranking);
    result.seconds = seconds;
    result.peak_mb = peak;
    result.cpu_s = cpu_s;
    free(ranking);
    return result;
}

static struct rec_metrics run_implicit(const struct rec_split *split, const char *folder)
{
    static const char *const words[] = {"als",     "factors=64",        "iterations=15",
                                        "alpha=8", "regularization=10", NULL};
    OWNED_VALUE(buf) params = {0};
    struct rec_metrics result = {0};
    struct err err = {0};

    check(rec_implicit_try(words, folder, split, &result, &params, &err), &err);
    return result;
}

static void print(const char *who, const struct rec_metrics *r)
{
    char text[96];

    (void)snprintf(text, sizeof text, "training-%s-processor", who);
    figure_seen(text, r->cpu_s, "s");
    (void)snprintf(text, sizeof text, "training-%s-hr10", who);
    figure_seen(text, r->hr10, "of users");
    (void)snprintf(text, sizeof text, "training-%s-recall20", who);
    figure_seen(text, r->recall20, "of likes");
}

static void run(double scale)
{
    const struct rec_dataset_conf conf = {.users = (uint32_t)(USERS * scale),
                                          .items = (uint32_t)(ITEMS * scale) + 1000,
                                          .mean = LIKES_EACH,
                                          .topics = TOPICS,
                                          .seed = 1};
    const char *folder = folder_new();
    struct err err = {0};
    struct rec_dataset *dataset = rec_dataset_new(&conf, &err);
    OWNED(rec_split) split = dataset ? rec_split_new(dataset, 0.8, 1, ASKED, &err) : NULL;
    struct rec_metrics our, their;

    rec_dataset_free(dataset);
    if (!split)
        give_up(name, err.text);
    check(rec_split_write(split, folder, &err), &err);
    (void)fprintf(stderr, "%u users, %u items, %llu likes to learn from, %zu users asked\n",
                  split->users, split->items,
                  (unsigned long long)split->train.start[split->users], split->asked_count);
    our = run_ours(split, folder);
    their = run_implicit(split, folder);
    figure("training-10m", our.seconds, "s", AT_MOST, 60);
    figure("training-10m-peak", our.peak_mb, "MB", AT_MOST, 2000);
    figure("training-10m-implicit", their.seconds, "s", AT_LEAST, 0);
    figure("training-10m-implicit-peak", their.peak_mb, "MB", AT_LEAST, 0);
    figure("training-10m-ratio", their.seconds / our.seconds, "x as fast as implicit", AT_LEAST,
           2);
    figure("training-10m-processor-ratio", their.cpu_s / our.cpu_s, "x", AT_LEAST, 2);
    figure("training-10m-ndcg10", our.ndcg10, "ndcg", AT_LEAST, their.ndcg10);
    figure_seen("training-10m-implicit-ndcg10", their.ndcg10, "ndcg");
    print("10m", &our);
    print("10m-implicit", &their);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "train") == 0)
        return train(argv[2]);
    run(figure_scale());
    return 0;
}
