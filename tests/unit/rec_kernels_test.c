/* rec_kernels_test.c - the inner loops of iALS: each build that this processor runs gives what
 * the plain one gives, and those that multiply and add in one rounding the same bytes. So a
 * model does not depend on which of them a machine has. */
#include "lib/rec/als.h"
#include "lib/rec/als_kernels.h"
#include "tests/unit/rec_case.h"

enum { ITEMS = 500, FACTORS = 80, MOST = 300 };

struct problem {
    float items[ITEMS * FACTORS], scale[FACTORS], weight[MOST];
    uint32_t col[MOST];
};

static struct problem *problem_new(void)
{
    struct problem *p = calloc(1, sizeof *p);
    uint64_t seed = 1;

    CHECK(p);
    for (size_t i = 0; i < (size_t)ITEMS * FACTORS; i++)
        p->items[i] = (float)case_uniform(&seed) - 0.4F;
    for (size_t f = 0; f < FACTORS; f++)
        p->scale[f] = 0.1F + (float)case_uniform(&seed);
    for (size_t e = 0; e < MOST; e++) {
        p->col[e] = case_random(&seed) % ITEMS;
        p->weight[e] = (float)case_uniform(&seed) * 2 - 0.5F;
    }
    return p;
}

static void solve(const struct als_kernels *kernels, const struct problem *p, size_t count,
                  float *ret_x)
{
    struct als_row row = {p->items, p->scale, FACTORS, p->col, p->weight, count};
    void *scratch = aligned_alloc(64, als_scratch_bytes(FACTORS, count) / 64 * 64 + 64);

    CHECK(scratch && kernels->solve(&row, scratch, ret_x));
    free(scratch);
}

static void compare(const char *what, const struct als_kernels *kernels, const float *got,
                    const float *plain, size_t count)
{
    char text[100];
    double *want = case_doubles(plain, count);

    (void)snprintf(text, sizeof text, "%s by %s", what, kernels->name);
    case_compare(text, got, want, count, 1e-4);
    free(want);
}

/* Rows of every length, as each is packed and solved in its own way. */
TEST(every_build_solves_the_same_rows)
{
    struct problem *p = problem_new();

    for (size_t count = 1; count <= MOST; count += count < 100 ? 1 : 50) {
        float plain[FACTORS], first[FACTORS], x[FACTORS];

        solve(als_kernels_at(0), p, count, plain);
        for (size_t i = 1; als_kernels_at(i); i++) {
            solve(als_kernels_at(i), p, count, x);
            compare("a row", als_kernels_at(i), x, plain, FACTORS);
            if (i == 1)
                memcpy(first, x, sizeof x);
            CHECK(case_same(first, x, sizeof x));
        }
    }
    free(p);
}

static void turn(const struct als_kernels *kernels, const struct problem *p, size_t count,
                 float *ret_rows)
{
    memcpy(ret_rows, p->items, count * FACTORS * sizeof *ret_rows);
    kernels->turn(ret_rows, count, FACTORS, p->items + (size_t)(ITEMS - FACTORS) * FACTORS);
}

TEST(every_build_turns_the_same_way)
{
    static float plain[37 * FACTORS], x[37 * FACTORS], first[37 * FACTORS];
    struct problem *p = problem_new();

    for (size_t count = 0; count <= 37; count++) {
        turn(als_kernels_at(0), p, count, plain);
        for (size_t i = 1; als_kernels_at(i); i++) {
            turn(als_kernels_at(i), p, count, x);
            compare("rows", als_kernels_at(i), x, plain, count * FACTORS);
            if (i == 1)
                memcpy(first, x, sizeof x);
            CHECK(case_same(first, x, count * FACTORS * sizeof *x));
        }
    }
    free(p);
}

/* The upper triangle. */
static void gram(const struct als_kernels *kernels, const struct problem *p, size_t rows,
                 float *ret_sum)
{
    static double sum[FACTORS * FACTORS];

    memset(sum, 0, sizeof sum);
    kernels->gram(p->items, rows, FACTORS, sum);
    for (size_t i = 0; i < (size_t)FACTORS * FACTORS; i++)
        ret_sum[i] = i / FACTORS <= i % FACTORS ? (float)sum[i] : 0;
}

TEST(every_build_sums_the_same_products)
{
    static float plain[FACTORS * FACTORS], x[FACTORS * FACTORS], first[FACTORS * FACTORS];
    struct problem *p = problem_new();

    for (size_t rows = 1; rows <= ALS_BLOCK; rows += 9) {
        gram(als_kernels_at(0), p, rows, plain);
        for (size_t i = 1; als_kernels_at(i); i++) {
            gram(als_kernels_at(i), p, rows, x);
            compare("products", als_kernels_at(i), x, plain, (size_t)FACTORS * FACTORS);
            if (i == 1)
                memcpy(first, x, sizeof x);
            CHECK(case_same(first, x, sizeof x));
        }
    }
    free(p);
}

TEST(weights_beyond_floats_are_told)
{
    struct problem *p = problem_new();

    p->weight[3] = 3e38F;
    for (size_t i = 0; als_kernels_at(i); i++)
        for (size_t count = 10; count <= 100; count += 90) {
            struct als_row row = {p->items, p->scale, FACTORS, p->col, p->weight, count};
            void *scratch = aligned_alloc(64, als_scratch_bytes(FACTORS, count) / 64 * 64 + 64);
            float x[FACTORS] = {1};

            CHECK(scratch && !als_kernels_at(i)->solve(&row, scratch, x));
            CHECK(x[0] == 1);
            free(scratch);
        }
    free(p);
}
