/* nets.c - see nets.h: opens the six nets and runs them.
 *
 * A net runs on one thread. Its layers take some hundred microseconds each, and threads that
 * wait for one another after each layer lose milliseconds whenever something else has the core;
 * so threads get a net each instead: the nets about a face run side by side. A lane is what a
 * thread needs to run a net: scratch memory and memory for tensors. */
#include "services/emotion/nets.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/secret.h"
#include "lib/nn/parallel.h"
#include "services/emotion/nets_internal.h"

enum net_id { BLAZEFACE, FACEMESH, IRIS, EXPRESSION, AGE_GENDER, FACERES, NETS };

static const struct net_def *const defs[NETS] = {
    [BLAZEFACE] = &net_blazeface,   [FACEMESH] = &net_facemesh,     [IRIS] = &net_iris,
    [EXPRESSION] = &net_expression, [AGE_GENDER] = &net_age_gender, [FACERES] = &net_faceres,
};

struct net {
    const struct net_def *def;
    char *path;
    struct safetensors *file;
    struct net_layers layers;
    struct arena arena; /* as planned, without memory */
};

enum { LANES_MAX = 4 }; /* faceres takes about as long as the other nets about a face */

struct lane {
    struct nn *nn;
    char *memory;
};

struct nets {
    struct net net[NETS];
    struct lane lane[LANES_MAX];
    int lanes;
    size_t memory_size;
};

/* -- running ----------------------------------------------------------------------------------
 */

/* Several lanes may be in the same net at once: a pass changes nothing in it. */
static int run_net(const struct net *net, const struct lane *lane, const float *pixels,
                   void *ret, struct err *err)
{
    struct arena arena = net->arena;
    struct net_layers layers = net->layers;
    struct pass pass = {.nn = lane->nn, .arena = &arena, .layers = &layers};

    arena.base = lane->memory;
    arena_begin(&arena, false);
    net->def->pass(&pass, pixels, ret);
    return pass_failed(&pass) ? err_set(err, pass.err.code, "%s: %s", net->path, pass.err.text)
                              : 0;
}

/* count crops, one after the other: so that what a layer gives stays in the cache. */
static int run_all(struct nets *nets, enum net_id id, const float *pixels, size_t count,
                   void *ret, struct err *err)
{
    const struct net *net = &nets->net[id];
    size_t crop = (size_t)net->def->side * net->def->side * 3;

    for (size_t i = 0; i < count; i++)
        if (run_net(net, &nets->lane[0], pixels + i * crop,
                    (char *)ret + i * net->def->result_bytes, err) < 0)
            return err->code;
    return 0;
}

int nets_detect(struct nets *nets, const float *pixels,
                struct net_detection ret_rows[DETECT_ROWS], struct err *err)
{
    return run_all(nets, BLAZEFACE, pixels, 1, ret_rows, err);
}

int nets_mesh(struct nets *nets, const float *pixels, struct net_mesh *ret_mesh,
              struct err *err)
{
    return run_all(nets, FACEMESH, pixels, 1, ret_mesh, err);
}

int nets_iris(struct nets *nets, const float *pixels, size_t count, struct net_iris *ret_irises,
              struct err *err)
{
    return run_all(nets, IRIS, pixels, count, ret_irises, err);
}

int nets_expression(struct nets *nets, const float *pixels, size_t count,
                    float (*ret_expressions)[EXPRESSIONS], struct err *err)
{
    return run_all(nets, EXPRESSION, pixels, count, ret_expressions, err);
}

int nets_age_gender(struct nets *nets, const float *pixels, size_t count,
                    struct net_age_gender *ret_people, struct err *err)
{
    return run_all(nets, AGE_GENDER, pixels, count, ret_people, err);
}

int nets_faceres(struct nets *nets, const float *pixels, struct net_faceres *ret_faceres,
                 struct err *err)
{
    return run_all(nets, FACERES, pixels, 1, ret_faceres, err);
}

/* -- all about a face -------------------------------------------------------------------------
 */

enum { TASKS_MAX = 3 * NETS_BATCH + 1 };

struct face_task {
    enum net_id net;
    const float *pixels;
    void *ret;
    struct err err;
};

struct face_job {
    const struct nets *nets;
    struct face_task tasks[TASKS_MAX];
    size_t count;
};

static void add_tasks(struct face_job *job, enum net_id id, const float *pixels, size_t count,
                      void *ret)
{
    const struct net_def *def = defs[id];
    size_t crop = (size_t)def->side * def->side * 3;

    for (size_t i = 0; pixels && i < count; i++)
        job->tasks[job->count++] = (struct face_task){
            .net = id, .pixels = pixels + i * crop, .ret = (char *)ret + i * def->result_bytes};
}

static void run_task(void *ctx, size_t task, int thread)
{
    struct face_job *job = ctx;
    struct face_task *t = &job->tasks[task];

    (void)run_net(&job->nets->net[t->net], &job->nets->lane[thread], t->pixels, t->ret,
                  &t->err);
}

int nets_face(struct nets *nets, const struct net_face_crops *crops, struct net_face *ret_face,
              struct err *err)
{
    struct face_job job = {.nets = nets};

    if (crops->eye_count > NETS_BATCH || crops->expression_count > NETS_BATCH ||
        crops->person_count > NETS_BATCH)
        return err_set(err, ERR_INVALID, "more than %d crops of a face", NETS_BATCH);
    /* The longest first, so that none is left over at the end. */
    add_tasks(&job, FACERES, crops->faceres, 1, &ret_face->faceres);
    add_tasks(&job, AGE_GENDER, crops->people, crops->person_count, ret_face->people);
    add_tasks(&job, IRIS, crops->eyes, crops->eye_count, ret_face->eyes);
    add_tasks(&job, EXPRESSION, crops->expressions, crops->expression_count,
              ret_face->expressions);
    parallel_for(nets->lanes, job.count, run_task, &job);
    for (size_t i = 0; i < job.count; i++)
        if (job.tasks[i].err.code)
            return err_set(err, job.tasks[i].err.code, "%s", job.tasks[i].err.text);
    return 0;
}

/* -- memory -----------------------------------------------------------------------------------
 */

static void *scratch_alloc(void *ctx, size_t bytes)
{
    (void)ctx;
    return secret_alloc(bytes, NULL);
}

static void scratch_free(void *ctx, void *memory, size_t bytes)
{
    (void)ctx;
    secret_free(memory, bytes);
}

void nets_wipe(struct nets *nets)
{
    for (int i = 0; i < nets->lanes; i++) {
        nn_wipe(nets->lane[i].nn);
        secret_wipe(nets->lane[i].memory, nets->memory_size);
    }
}

void nets_free(struct nets *nets)
{
    if (!nets)
        return;
    for (size_t i = 0; i < NETS; i++) {
        net_layers_done(&nets->net[i].layers);
        safetensors_free(nets->net[i].file);
        free(nets->net[i].path);
    }
    for (int i = 0; i < LANES_MAX; i++) {
        nn_free(nets->lane[i].nn);
        secret_free(nets->lane[i].memory, nets->memory_size);
    }
    free(nets);
}

/* -- opening ----------------------------------------------------------------------------------
 */

static int open_lanes(struct nets *nets, int threads, struct err *err)
{
    const struct nn_conf conf = {.type = TENSOR_F32,
                                 .threads = 1,
                                 .scratch = {.alloc = scratch_alloc, .free = scratch_free}};

    nets->lanes = threads > 0 ? threads : parallel_available();
    if (nets->lanes > LANES_MAX)
        nets->lanes = LANES_MAX;
    for (int i = 0; i < nets->lanes; i++)
        if (!(nets->lane[i].nn = nn_new_with(&conf, err)))
            return err->code;
    return 0;
}

/* Makes the layers the first time; what a lane's scratch memory has to hold each time. */
static int plan_net(struct net *net, const struct lane *lane, struct err *err)
{
    struct pass pass = {.nn = lane->nn,
                        .arena = &net->arena,
                        .layers = &net->layers,
                        .make = net->layers.count == 0};

    arena_begin(&net->arena, true);
    net->def->pass(&pass, NULL, NULL);
    return pass_failed(&pass) ? err_set(err, pass.err.code, "%s: %s", net->path, pass.err.text)
                              : 0;
}

static int open_net(struct nets *nets, enum net_id id, const char *folder, struct err *err)
{
    struct net *net = &nets->net[id];

    net->def = defs[id];
    if (asprintf(&net->path, "%s/%s.safetensors", folder, net->def->name) < 0) {
        net->path = NULL;
        return err_set_nomem(err, "the nets' names");
    }
    net->file = safetensors_open(net->path, err);
    if (!net->file)
        return err->code;
    net->layers.file = net->file;
    for (int i = 0; i < nets->lanes; i++)
        if (plan_net(net, &nets->lane[i], err) < 0)
            return err->code;
    if (net->arena.peak > nets->memory_size)
        nets->memory_size = net->arena.peak;
    return 0;
}

static int alloc_memory(struct nets *nets, struct err *err)
{
    for (int i = 0; i < nets->lanes; i++)
        if (!(nets->lane[i].memory = secret_alloc(nets->memory_size, NULL)))
            return err_set_nomem(err, "the nets' tensors");
    return 0;
}

/* BlazeFace takes and gives more than any other. */
struct trial {
    float pixels[DETECT_SIDE * DETECT_SIDE * 3];
    struct net_detection result[DETECT_ROWS];
};

/* Weights are packed, and looked through for NaN, at their first use: now, by a black square.
 */
static int try_all(struct nets *nets, struct err *err)
{
    struct trial *trial = calloc(1, sizeof *trial);
    int result = trial ? 0 : err_set_nomem(err, "the nets' first try");

    for (size_t i = 0; i < NETS && result == 0; i++)
        result = run_net(&nets->net[i], &nets->lane[0], trial->pixels, trial->result, err);
    free(trial);
    return result;
}

struct nets *nets_open(const char *folder, int threads, struct err *err)
{
    struct nets *nets = calloc(1, sizeof *nets);
    int result;

    if (!nets) {
        (void)err_set_nomem(err, "the nets");
        return NULL;
    }
    result = open_lanes(nets, threads, err);
    for (int i = 0; i < NETS && result == 0; i++)
        result = open_net(nets, (enum net_id)i, folder, err);
    if (result == 0)
        result = alloc_memory(nets, err);
    if (result == 0)
        result = try_all(nets, err);
    if (result == 0)
        return nets;
    nets_free(nets);
    return NULL;
}
