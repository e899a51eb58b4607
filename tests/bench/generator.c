/* generator.c - generator MODEL f32|bf16 STEPS PEER... : the engine on a model of full size,
 * step by step in turn with a peer (tools/golden/bench_peer.py), so that both meet the same
 * machine.
 *
 * Seconds for a guided step and for decoding, as the median and as the ratio that compares; the
 * time until the first step can begin; the peak of resident memory against the weights. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/nn/safetensors.h"
#include "services/generator-gpu/engine.h"
#include "tests/support/process.h"

enum { SIDE = 512, STEPS_MAX = 32, THREADS = 2 };

struct peer {
    pid_t pid;
    FILE *to, *from;
};

struct bench {
    struct peer peer;
    int64_t last_ns; /* when the engine's last step ended, the peer's turn after it included */
    uint32_t done;   /* steps so far; the first makes weights and primitives ready */
    double ours[STEPS_MAX], theirs[STEPS_MAX];
};

static void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "generator: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void peer_start(struct peer *peer, char **argv)
{
    int to[2], from[2];

    if (pipe(to) || pipe(from))
        give_up("the peer", "no pipe");
    peer->pid = fork();
    if (peer->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)dup2(to[0], STDIN_FILENO);
        (void)dup2(from[1], STDOUT_FILENO);
        (void)close(to[1]);
        (void)close(from[0]);
        (void)execvp(argv[0], argv);
        give_up(argv[0], "cannot be started");
    }
    (void)close(to[0]);
    (void)close(from[1]);
    peer->to = fdopen(to[1], "w");
    peer->from = fdopen(from[0], "r");
}

static void peer_line(struct peer *peer, char *line, int size)
{
    if (!fgets(line, size, peer->from))
        give_up("the peer", "ended early");
}

/* Seconds. */
static double peer_ask(struct peer *peer, const char *what)
{
    char line[64];

    (void)fprintf(peer->to, "%s\n", what);
    (void)fflush(peer->to);
    peer_line(peer, line, sizeof(line));
    return strtod(line, NULL);
}

static void peer_end(struct peer *peer)
{
    (void)fclose(peer->to);
    (void)fclose(peer->from);
    (void)waitpid(peer->pid, NULL, 0);
}

static bool on_step(void *ctx, const struct draw_progress *progress)
{
    struct bench *bench = ctx;
    int64_t now = clock_mono_ns();

    (void)progress;
    if (bench->done) {
        bench->ours[bench->done - 1] = (double)(now - bench->last_ns) / 1e9;
        bench->theirs[bench->done - 1] = peer_ask(&bench->peer, "step");
    }
    bench->done++;
    bench->last_ns = clock_mono_ns();
    return bench->done < STEPS_MAX;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}

static void figure(const char *precision, const char *name, double value, const char *unit,
                   const char *target)
{
    double limit = strtod(target + 3, NULL);
    bool ok = target[0] == '<' ? value <= limit : value >= limit;

    printf("generator-%s-%s\t%.2f\t%s\t%s\t%s\n", precision, name, value, unit, target,
           ok ? "ok" : "short");
    (void)fflush(stdout);
}

/* Elements of what the engine uses: not of the VAE's encoder. */
static double count_weights(const char *model)
{
    static const char *const FILES[] = {"unet/diffusion_pytorch_model.safetensors",
                                        "text_encoder/model.safetensors",
                                        "vae/diffusion_pytorch_model.safetensors"};
    double count = 0;

    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        char path[1024];
        struct err err = {0};
        OWNED(safetensors) file = NULL;

        (void)snprintf(path, sizeof(path), "%s/%s", model, FILES[i]);
        file = safetensors_open(path, &err);
        if (!file)
            give_up(path, err.text);
        for (size_t t = 0; t < safetensors_count(file); t++)
            if (strncmp(safetensors_at(file, t)->name, "encoder.", 8) != 0)
                count += (double)safetensors_at(file, t)->count;
    }
    return count;
}

static struct draw_notes draw(struct engine *engine, struct bench *bench, uint32_t steps)
{
    struct draw_notes notes = {0};
    struct err err = {0};
    OWNED_VALUE(image) image = {0};
    const struct draw one = {.prompt = "a happy garden in spring",
                             .negative = "blurry",
                             .width = SIDE,
                             .height = SIDE,
                             .steps = steps,
                             .guidance = 7.5,
                             .seed = 1,
                             .scheduler = GENERATION_DDIM,
                             .images = 1};

    if (engine_draw(engine, &one, bench ? on_step : NULL, bench, &image, &notes, &err) != 1)
        give_up("drawing", err.text);
    return notes;
}

static struct engine *open_engine(const char *model, const char *precision)
{
    struct err err = {0};
    struct engine *engine = engine_open(
        &(struct engine_conf){
            .model = model, .backend = "cpu", .precision = precision, .threads = THREADS},
        &err);

    if (!engine)
        give_up(model, err.text);
    return engine;
}

/* From start until the first step can begin, on a machine that does nothing else; the files are
 * in the page cache. */
static double first_step_begins(const char *model, const char *precision)
{
    int64_t start_ns = clock_mono_ns();
    OWNED(engine) engine = open_engine(model, precision);
    double opened = (double)(clock_mono_ns() - start_ns) / 1e9;

    return opened + draw(engine, NULL, 1).text_s;
}

static void run(const char *model, const char *precision, uint32_t steps, char **peer)
{
    struct bench bench = {0};
    OWNED(engine) engine = NULL;
    double first_step, decode, peer_decode, ours, theirs, weights_gb;
    char line[64];

    first_step = first_step_begins(model, precision);
    peer_start(&bench.peer, peer);
    peer_line(&bench.peer, line, sizeof(line));
    engine = open_engine(model, precision);
    (void)draw(engine, &bench, steps + 1);
    decode = draw(engine, NULL, 1).decode_s;
    peer_decode = peer_ask(&bench.peer, "decode");
    peer_end(&bench.peer);

    ours = median(bench.ours, steps);
    theirs = median(bench.theirs, steps);
    weights_gb = count_weights(model) * (strcmp(precision, "f32") == 0 ? 4 : 2) / 1e9;
    figure(precision, "step", ours, "s", ">= 0");
    figure(precision, "step-torch", theirs, "s", ">= 0");
    figure(precision, "step-ratio", theirs / ours, "x torch", ">= 1.2");
    figure(precision, "decode", decode, "s", ">= 0");
    figure(precision, "decode-ratio", peer_decode / decode, "x torch", ">= 1.0");
    figure(precision, "first-step-begins", first_step, "s", "<= 1.0");
    figure(precision, "peak-above-weights",
           (double)process_resident_kib(getpid(), true) * 1024 / 1e9 - weights_gb, "GB",
           "<= 1.0");
}

int main(int argc, char **argv)
{
    int steps = argc > 4 ? (int)strtol(argv[3], NULL, 10) : 0;

    if (steps < 1 || steps >= STEPS_MAX) {
        (void)fprintf(stderr, "usage: generator MODEL f32|bf16 STEPS PEER...\n");
        return EXIT_FAILURE;
    }
    run(argv[1], argv[2], (uint32_t)steps, argv + 4);
    return EXIT_SUCCESS;
}
