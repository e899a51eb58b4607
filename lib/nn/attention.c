/* attention.c - see attention.h. Keys and values are packed into panels first (kernels.h), so
 * that both products are the linear layers' inner loop; then blocks of queries are shared out.
 */
#include <math.h>
#include <string.h>

#include "lib/nn/attention.h"
#include "lib/nn/nn_internal.h"

enum {
    QUERIES = 48,            /* of a task */
    QUERIES_LONG = 96,       /* where a head is long and keys come from far */
    LONG_HEAD = 256,         /* dims */
    BLOCK_BYTES = 64 * 1024, /* of the keys of a block */
    BLOCK_MOST = 512,        /* keys */
};

struct running {
    struct nn *nn;
    const struct attention_call *call;
    size_t dim, keys, queries, block;
    size_t heads;              /* of all pictures */
    size_t k_panel, v_panel;   /* bytes */
    size_t k_panels, v_panels; /* of a head */
    size_t query_tasks;        /* of a head */
    char *k, *v, *states;      /* in the scratch memory */
    size_t state;              /* bytes for a thread */
};

static void measure(struct running *r)
{
    const struct attention_call *call = r->call;
    size_t bytes = tensor_type_bytes(r->nn->type);

    r->dim = call->q.c / call->heads;
    r->keys = call->k.w;
    r->heads = (size_t)call->q.n * call->heads;
    r->queries = r->dim >= LONG_HEAD ? QUERIES_LONG : QUERIES;
    r->block = BLOCK_BYTES / (r->dim * bytes) / PANEL * PANEL;
    if (r->block < 2 * (size_t)PANEL)
        r->block = 2 * (size_t)PANEL;
    if (r->block > BLOCK_MOST)
        r->block = BLOCK_MOST;
    r->k_panels = nn_ceil_div(r->keys, PANEL);
    r->v_panels = nn_ceil_div(r->dim, PANEL);
    r->k_panel = (r->dim + 1) / 2 * 2 * PANEL * bytes;
    r->v_panel = (r->keys + 1) / 2 * 2 * PANEL * bytes;
    r->query_tasks = nn_ceil_div(call->q.w, r->queries);
    r->state = kernel_attention_scratch(r->queries, r->dim, r->block) * sizeof(float);
}

static int reserve(struct running *r, struct err *err)
{
    size_t k = nn_aligned(r->heads * r->k_panels * r->k_panel);
    size_t v = nn_aligned(r->heads * r->v_panels * r->v_panel);

    if (nn_reserve(r->nn, k + v + (size_t)r->nn->threads * r->state, err) < 0)
        return nn_failed(err);
    r->k = r->nn->scratch;
    r->v = r->k + k;
    r->states = r->v + v;
    return 0;
}

/* Token's numbers of a head. */
static const char *head_at(const struct running *r, const struct tensor *t, size_t head,
                           size_t token)
{
    size_t picture = head / r->call->heads, column = head % r->call->heads * r->dim;

    return tensor_at(t, picture * t->w + token) + column * tensor_type_bytes(t->type);
}

/* 32 keys: their first numbers, then their second ones, ... */
static void pack_keys_f32(const struct running *r, size_t head, size_t first, float *panel)
{
    for (size_t i = 0; i < PANEL; i++) {
        const float *key =
            first + i < r->keys ? (const void *)head_at(r, &r->call->k, head, first + i) : NULL;

        for (size_t d = 0; d < r->dim; d++)
            panel[d * PANEL + i] = key ? key[d] : 0;
    }
}

/* The same of pairs: the first two numbers of 32 keys, then the next two, ... */
static void pack_keys_bf16(const struct running *r, size_t head, size_t first, uint32_t *panel)
{
    size_t pairs = (r->dim + 1) / 2;

    for (size_t i = 0; i < PANEL; i++) {
        const char *key = first + i < r->keys ? head_at(r, &r->call->k, head, first + i) : NULL;

        for (size_t d = 0; d < pairs; d++) {
            uint32_t pair = 0;

            if (key && 2 * d + 1 < r->dim)
                memcpy(&pair, key + 4 * d, 4);
            else if (key)
                memcpy(&pair, key + 4 * d, 2);
            panel[d * PANEL + i] = pair;
        }
    }
}

/* Dims of panel p that there are. */
static size_t dims_of(const struct running *r, size_t p)
{
    size_t left = r->dim - p * PANEL;

    return left < PANEL ? left : PANEL;
}

/* Some keys' values, from key first on: to each panel of dims a row. */
static void pack_values_f32(const struct running *r, size_t head, size_t first, char *panels)
{
    for (size_t i = first; i < r->keys && i < first + PANEL; i++) {
        const float *value = (const void *)head_at(r, &r->call->v, head, i);

        for (size_t p = 0; p < r->v_panels; p++) {
            float *row = (float *)(void *)(panels + p * r->v_panel) + i * PANEL;
            size_t dims = dims_of(r, p);

            memcpy(row, value + p * PANEL, dims * sizeof *row);
            memset(row + dims, 0, (PANEL - dims) * sizeof *row);
        }
    }
}

/* to[2 i] = one[i], to[2 i + 1] = two[i], zero from count on. */
static void pair_up(const uint16_t *one, const uint16_t *two, size_t count, uint32_t *to)
{
    uint16_t padded[2][PANEL] = {{0}};

    memcpy(padded[0], one, count * sizeof *one);
    if (two)
        memcpy(padded[1], two, count * sizeof *two);
    for (size_t i = 0; i < PANEL; i++)
        to[i] = padded[0][i] | (uint32_t)padded[1][i] << 16;
}

static void pack_values_bf16(const struct running *r, size_t head, size_t first, char *panels)
{
    for (size_t i = first; i < r->keys && i < first + PANEL; i += 2) {
        const uint16_t *one = (const void *)head_at(r, &r->call->v, head, i), *two = NULL;

        if (i + 1 < r->keys)
            two = (const void *)head_at(r, &r->call->v, head, i + 1);
        for (size_t p = 0; p < r->v_panels; p++)
            pair_up(one + p * PANEL, two ? two + p * PANEL : NULL, dims_of(r, p),
                    (uint32_t *)(void *)(panels + p * r->v_panel) + i / 2 * PANEL);
    }
}

static void pack_task(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;
    size_t head = task / r->k_panels, first = task % r->k_panels * PANEL;
    char *k = r->k + task * r->k_panel, *v = r->v + head * r->v_panels * r->v_panel;

    (void)thread;
    if (r->nn->type == TENSOR_F32) {
        pack_keys_f32(r, head, first, (float *)(void *)k);
        pack_values_f32(r, head, first, v);
    } else {
        pack_keys_bf16(r, head, first, (uint32_t *)(void *)k);
        pack_values_bf16(r, head, first, v);
    }
}

static void query_task(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;
    const struct attention_call *call = r->call;
    size_t head = task / r->query_tasks, first = task % r->query_tasks * r->queries;
    struct kernel_attention a = {
        .q = head_at(r, &call->q, head, first),
        .q_ld = call->q.ld,
        .dst = (void *)head_at(r, &call->dst, head, first),
        .dst_ld = call->dst.ld,
        .type = r->nn->type,
        .k = r->k + head * r->k_panels * r->k_panel,
        .v = r->v + head * r->v_panels * r->v_panel,
        .k_panel = r->k_panel,
        .v_panel = r->v_panel,
        .rows = call->q.w - first < r->queries ? call->q.w - first : r->queries,
        .keys = r->keys,
        .dim = r->dim,
        .block = r->block,
        .first = first,
        .causal = call->causal,
        .scale = 1.0F / sqrtf((float)r->dim),
        .scratch = (float *)(void *)(r->states + (size_t)thread * r->state),
    };

    r->nn->kernels->attention(&a);
}

int attention_run(struct nn *nn, const struct attention_call *call, bool plan, struct err *err)
{
    struct running r = {.nn = nn, .call = call};

    if (call->heads == 0 || call->q.c % call->heads || call->q.c != call->k.c ||
        call->q.c != call->v.c || call->dst.c != call->q.c || call->k.w != call->v.w ||
        call->k.w == 0)
        return err_set(err, ERR_INVALID, "attention: q, k, v and dst do not fit each other");
    measure(&r);
    if (reserve(&r, err) < 0)
        return nn_failed(err);
    if (plan)
        return 0;
    parallel_use(nn->threads);
    parallel_for(nn->threads, r.heads * r.k_panels, pack_task, &r);
    parallel_for(nn->threads, r.heads * r.query_tasks, query_task, &r);
    return 0;
}
