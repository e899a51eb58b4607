/* nn_memory_test.c - where an nn's scratch memory comes from, and that nothing stays in it. */
#include <dirent.h>
#include <sched.h>

#include "lib/nn/conv.h"
#include "lib/nn/separable.h"
#include "tests/unit/nn_case.h"

/* An allocator that remembers what it gave. */
struct heap {
    char *memory;
    size_t bytes, taken;
};

static void *heap_alloc(void *ctx, size_t bytes)
{
    struct heap *heap = ctx;

    CHECK(heap->taken < 100);
    heap->memory = nn_alloc(bytes);
    heap->bytes = bytes;
    heap->taken++;
    return heap->memory;
}

static void heap_free(void *ctx, void *memory, size_t bytes)
{
    struct heap *heap = ctx;

    CHECK(memory != heap->memory || bytes == heap->bytes);
    free(memory);
}

static void *heap_refuse(void *ctx, size_t bytes)
{
    (void)ctx;
    (void)bytes;
    return NULL;
}

enum { SIDE = 40, IN = 20, OUT = 36 };

struct fixture {
    struct heap heap;
    struct nn *nn;
    struct safetensor deep, matrix, dense;
    struct depthwise *depthwise;
    struct linear *linear;
    struct conv *gathered, *conv;
    struct tensor src, dst, gapped;
};

static void fixture_init(struct fixture *f)
{
    struct err err = {0};
    const struct nn_conf conf = {
        .type = TENSOR_F32, .threads = 2, .scratch = {heap_alloc, heap_free, &f->heap}};

    memset(f, 0, sizeof *f);
    f->nn = nn_new_with(&conf, &err);
    CHECK_OK(err.code, err);
    f->deep = case_weights("deep", TENSOR_F32, 4, (int64_t[]){IN, 1, 3, 3}, 1);
    f->matrix = case_weights("matrix", TENSOR_F32, 2, (int64_t[]){OUT, IN}, 2);
    f->dense = case_weights("dense", TENSOR_F32, 4, (int64_t[]){OUT, IN, 3, 3}, 3);
    f->depthwise = depthwise_new(
        &(struct depthwise_def){.name = "d", .weight = &f->deep, .pad = pad_all(1)}, &err);
    f->linear =
        linear_new(&(struct linear_def){.name = "l", .parts = 1, .weight = {&f->matrix}}, &err);
    f->gathered = conv_new(
        &(struct conv_def){.name = "g", .weight = &f->dense, .pad = pad_all(1), .gather = true},
        &err);
    f->conv =
        conv_new(&(struct conv_def){.name = "c", .weight = &f->dense, .pad = pad_all(1)}, &err);
    CHECK_OK(err.code, err);
    f->src = case_tensor(TENSOR_F32, (uint32_t[]){1, SIDE, SIDE, IN}, 0, 4);
    f->gapped = case_tensor(TENSOR_F32, (uint32_t[]){1, SIDE, SIDE, IN}, 3, 4);
    f->dst = case_tensor(TENSOR_F32, (uint32_t[]){1, SIDE, SIDE, OUT}, 0, 5);
}

static void fixture_done(struct fixture *f)
{
    depthwise_free(f->depthwise);
    linear_free(f->linear);
    conv_free(f->gathered);
    conv_free(f->conv);
    nn_free(f->nn);
    case_drop(&f->deep);
    case_drop(&f->matrix);
    case_drop(&f->dense);
    free(f->src.data);
    free(f->dst.data);
    free(f->gapped.data);
}

static void run_all(struct fixture *f, bool plan)
{
    struct err err = {0};
    const struct separable_call separable = {.dst = f->dst, .src = f->src};
    const struct conv_call conv = {.dst = f->dst, .src = f->src};
    const struct conv_call gapped = {.dst = f->dst, .src = f->gapped};

    CHECK_OK(separable_run(f->nn, f->depthwise, f->linear, &separable, plan, &err), err);
    CHECK_OK(conv_run(f->nn, f->gathered, &conv, plan, &err), err);
    CHECK_OK(conv_run(f->nn, f->conv, &conv, plan, &err), err);
    CHECK_OK(conv_run(f->nn, f->conv, &gapped, plan, &err), err);
}

static size_t not_zero(const struct heap *heap)
{
    size_t count = 0;

    for (size_t i = 0; i < heap->bytes; i++)
        count += heap->memory[i] != 0;
    return count;
}

TEST(scratch_comes_from_the_allocator_and_not_while_running)
{
    struct fixture f;
    size_t taken;

    fixture_init(&f);
    run_all(&f, true);
    taken = f.heap.taken;
    CHECK(taken > 0 && f.heap.bytes == nn_scratch_bytes(f.nn));
    run_all(&f, false);
    run_all(&f, false);
    CHECK_INT(f.heap.taken, ==, taken);
    fixture_done(&f);
}

TEST(wiping_leaves_nothing_and_the_nets_run_on)
{
    struct fixture f;
    size_t bytes;
    void *before;

    fixture_init(&f);
    run_all(&f, false);
    CHECK(not_zero(&f.heap) > 0);
    bytes = tensor_pixels(&f.dst) * OUT * sizeof(float);
    before = malloc(bytes);
    memcpy(before, f.dst.data, bytes);
    nn_wipe(f.nn);
    CHECK_INT(not_zero(&f.heap), ==, 0);
    run_all(&f, false);
    CHECK(memcmp(before, f.dst.data, bytes) == 0);
    free(before);
    fixture_done(&f);
}

static size_t threads_of_this_process(void)
{
    DIR *tasks = opendir("/proc/self/task");
    size_t count = 0;

    CHECK(tasks != NULL);
    for (const struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks))
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

/* Threads that wait for work keep a core awake and what they had on their stacks. */
TEST(wiping_lets_go_of_the_threads)
{
    struct fixture f;
    size_t before = threads_of_this_process();

    fixture_init(&f);
    for (int i = 0; i < 3; i++) {
        run_all(&f, false);
        CHECK_INT(threads_of_this_process(), ==, before + 1);
        nn_wipe(f.nn);
        while (threads_of_this_process() > before) /* /proc forgets it a moment later */
            sched_yield();
    }
    fixture_done(&f);
}

TEST(want_of_scratch_memory_is_an_error)
{
    struct fixture f;
    struct err err = {0};
    struct linear_call call = {0};

    fixture_init(&f);
    f.nn->memory.alloc = heap_refuse;
    call.src = f.src;
    call.dst = f.dst;
    CHECK_INT(linear_run(f.nn, f.linear, &call, true, &err), ==, ERR_NOMEM);
    fixture_done(&f);
}
