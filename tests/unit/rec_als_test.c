/* rec_als_test.c - iALS: exact half steps, the same bytes on any number of threads, what it
 * makes of a planted structure, and of input that is wrong. */
#include <stdbool.h>

#include "lib/rec/als.h"
#include "tests/unit/rec_case.h"

static const struct rec_als_conf usual = {.factors = 16,
                                          .sweeps = 4,
                                          .unobserved = 0.2F,
                                          .regularisation = 0.05F,
                                          .frequency = 0.5F,
                                          .threads = 2,
                                          .seed = 7};

static struct rec_als *train(const struct rec_matrix *matrix, const struct rec_als_conf *conf)
{
    struct err err = {0};
    struct rec_als *als = rec_als_train(matrix, conf, &err);

    if (!als)
        TEST_FAIL("%s", err.text);
    return als;
}

/* -- exact half steps ------------------------------------------------------------------------
 */

static float *random_items(size_t count, size_t factors)
{
    float *items = calloc(count * factors + 1, sizeof *items);
    uint64_t seed = 1;

    CHECK(items);
    for (size_t i = 0; i < count * factors; i++)
        items[i] = (float)(case_uniform(&seed) - 0.4) / (float)(1 + i % factors);
    return items;
}

static void check_fold_in(const struct rec_als_conf *conf, size_t entries)
{
    enum { ITEMS = 300 };
    size_t k = (size_t)conf->factors;
    uint64_t seed = entries;
    uint32_t *col = calloc(entries, sizeof *col);
    float *weight = calloc(entries, sizeof *weight), *items = random_items(ITEMS, k),
          got[REC_FACTORS_MAX];
    double *exact = case_doubles(items, ITEMS * k), want[REC_FACTORS_MAX], *gram;
    struct plain plain = {conf, exact, ITEMS};
    struct err err = {0};
    OWNED(rec_als) als = rec_als_new(conf, items, ITEMS, &err);

    CHECK(col && weight && als);
    for (size_t e = 0; e < entries; e++) {
        col[e] = case_random(&seed) % ITEMS;
        weight[e] = (float)(case_uniform(&seed) * 3 - 1);
    }
    gram = plain_gram(&plain);
    for (int weighted = 0; weighted < 2; weighted++) {
        plain_row(&plain, gram, col, weighted ? weight : NULL, entries, want);
        rec_als_fold_in(als, col, weighted ? weight : NULL, entries, got);
        case_compare("a user", got, want, k, 2e-4);
    }
    free(gram);
    free(exact);
    free(items);
    free(weight);
    free(col);
}

/* More and fewer entries than factors, and just as many. */
TEST(folding_in_solves_the_equations)
{
    static const size_t entries[] = {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200, 1024};
    struct rec_als_conf conf = usual;

    for (conf.factors = 16; conf.factors <= 64; conf.factors += 16)
        for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
            check_fold_in(&conf, entries[i]);
    conf.factors = REC_FACTORS_MAX;
    check_fold_in(&conf, REC_FACTORS_MAX - 1);
    check_fold_in(&conf, REC_FOLD_MAX);
}

TEST(every_conf_is_solved)
{
    struct rec_als_conf conf = usual;

    for (int frequency = 0; frequency <= 2; frequency++)
        for (int unobserved = 0; unobserved <= 2; unobserved++) {
            conf.frequency = (float)frequency / 2;
            conf.unobserved = (float)unobserved / 2;
            check_fold_in(&conf, 9);
            check_fold_in(&conf, 90);
        }
}

/* Users by folding in, items from those by plain elimination. */
static double *next_items(const struct rec_case *c, const struct rec_als_conf *conf,
                          const struct rec_als *als)
{
    const struct rec_matrix *m = &c->matrix;
    size_t k = (size_t)conf->factors;
    float *users = calloc(m->rows * k + 1, sizeof *users);
    uint32_t *rows = calloc(m->rows + 1UL, sizeof *rows);
    float *weights = calloc(m->rows + 1UL, sizeof *weights);
    double *exact, *gram, *items = calloc(m->cols * k + 1, sizeof *items);
    struct plain plain = {conf, NULL, m->rows};

    CHECK(users && rows && weights && items);
    for (size_t r = 0; r < m->rows; r++)
        rec_als_fold_in(als, c->col + c->row_start[r], c->weight + c->row_start[r],
                        c->row_start[r + 1] - c->row_start[r], users + r * k);
    plain.other = exact = case_doubles(users, m->rows * k);
    gram = plain_gram(&plain);
    for (uint32_t i = 0; i < m->cols; i++) {
        size_t count = 0;

        for (uint32_t r = 0; r < m->rows; r++)
            for (uint64_t e = c->row_start[r]; e < c->row_start[r + 1]; e++)
                if (c->col[e] == i) {
                    rows[count] = r;
                    weights[count++] = c->weight[e];
                }
        plain_row(&plain, gram, rows, weights, count, items + i * k);
    }
    free(gram);
    free(exact);
    free(weights);
    free(rows);
    free(users);
    return items;
}

/* Items' products with each other: those do not depend on how the axes lie. */
static double product(const double *items, size_t k, size_t a, size_t b)
{
    double sum = 0;

    for (size_t f = 0; f < k; f++)
        sum += items[a * k + f] * items[b * k + f];
    return sum;
}

static void compare_products(const double *got, const double *want, size_t count, size_t k)
{
    double off = 0, length = 0;

    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b < count; b++) {
            double p = product(want, k, a, b);

            length += p * p;
            off += pow(product(got, k, a, b) - p, 2);
        }
    if (!(off <= 1e-8 * length))
        TEST_FAIL("items' products are off by %g of %g", sqrt(off), sqrt(length));
}

static void check_sweep(const struct rec_case *c, struct rec_als_conf conf)
{
    size_t k = (size_t)conf.factors, cols = c->matrix.cols;
    double *got, *want;

    conf.sweeps = 1;
    OWNED(rec_als) first = train(&c->matrix, &conf);
    conf.sweeps = 2;
    OWNED(rec_als) second = train(&c->matrix, &conf);
    got = case_doubles(rec_als_items(second), cols * k);
    want = next_items(c, &conf, first);
    compare_products(got, want, cols, k);
    free(got);
    free(want);
}

TEST(a_sweep_is_users_folded_in_and_then_items_the_same_way)
{
    struct rec_als_conf conf = usual;
    struct rec_case c;

    case_fill(&c, 120, 70, 0.1, 1);
    for (int frequency = 0; frequency <= 2; frequency++) {
        conf.frequency = (float)frequency / 2;
        check_sweep(&c, conf);
    }
    conf.factors = 48;
    check_sweep(&c, conf);
    case_done(&c);
}

/* Rows with far fewer entries than factors, with many more, and all between. */
TEST(a_sweep_with_many_factors)
{
    struct rec_als_conf conf = usual;
    struct rec_case c;

    conf.factors = 96;
    case_fill(&c, 150, 130, 0.45, 1);
    check_sweep(&c, conf);
    case_done(&c);
}

TEST(without_weights_all_are_one)
{
    struct rec_als_conf conf = usual;
    struct rec_case c;

    case_fill(&c, 120, 70, 0.1, 1);
    c.matrix.weight = NULL;
    for (uint64_t e = 0; e < c.row_start[120]; e++)
        c.weight[e] = 1;
    check_sweep(&c, conf);
    case_done(&c);
}

/* -- the objective ---------------------------------------------------------------------------
 */

static double penalty(const struct rec_als_conf *conf, double entries, double other)
{
    return (double)conf->regularisation *
           pow(entries + (double)conf->unobserved * other, (double)conf->frequency);
}

struct model {
    const struct rec_als_conf *conf;
    const double *items;
    double *users;
};

static double of_pairs(const struct rec_case *c, const struct model *model)
{
    const struct rec_matrix *m = &c->matrix;
    size_t k = (size_t)model->conf->factors;
    double sum = 0;

    for (size_t r = 0; r < m->rows; r++) {
        uint64_t e = c->row_start[r];

        for (size_t i = 0; i < m->cols; i++) {
            double p = 0;

            for (size_t f = 0; f < k; f++)
                p += model->users[r * k + f] * model->items[i * k + f];
            sum += (double)model->conf->unobserved * p * p;
            if (e < c->row_start[r + 1] && c->col[e] == i) {
                sum += fabs((double)c->weight[e]) * pow((c->weight[e] > 0) - p, 2);
                e++;
            }
        }
    }
    return sum;
}

/* As als.h states it. */
static double objective(const struct rec_case *c, const struct model *model)
{
    const struct rec_matrix *m = &c->matrix;
    size_t k = (size_t)model->conf->factors;
    double sum = of_pairs(c, model);

    for (size_t r = 0; r < m->rows; r++)
        sum += penalty(model->conf, (double)(c->row_start[r + 1] - c->row_start[r]), m->cols) *
               product(model->users, k, r, r);
    for (uint32_t i = 0; i < m->cols; i++) {
        double entries = 0;

        for (uint64_t e = 0; e < c->row_start[m->rows]; e++)
            entries += c->col[e] == i;
        sum += penalty(model->conf, entries, m->rows) * product(model->items, k, i, i);
    }
    return sum;
}

static double after(const struct rec_case *c, struct rec_als_conf conf, int sweeps,
                    double *ret_with_next_items)
{
    size_t k = (size_t)conf.factors;
    float user[REC_FACTORS_MAX];
    double value, *items, *next, *users = calloc(c->matrix.rows * k + 1, sizeof *users);

    conf.sweeps = sweeps;
    OWNED(rec_als) als = train(&c->matrix, &conf);
    CHECK(users);
    for (size_t r = 0; r < c->matrix.rows; r++) {
        rec_als_fold_in(als, c->col + c->row_start[r], c->weight + c->row_start[r],
                        c->row_start[r + 1] - c->row_start[r], user);
        for (size_t f = 0; f < k; f++)
            users[r * k + f] = (double)user[f];
    }
    items = case_doubles(rec_als_items(als), c->matrix.cols * k);
    next = next_items(c, &conf, als);
    value = objective(c, &(struct model){&conf, items, users});
    *ret_with_next_items = objective(c, &(struct model){&conf, next, users});
    free(next);
    free(items);
    free(users);
    return value;
}

TEST(the_objective_falls_with_every_half_sweep)
{
    struct rec_case c;
    double last = INFINITY;

    case_fill(&c, 80, 50, 0.15, 3);
    for (int sweeps = 1; sweeps <= 6; sweeps++) {
        double with_items, with_users = after(&c, usual, sweeps, &with_items);

        if (!(with_users <= last * (1 + 1e-6) && with_items <= with_users * (1 + 1e-6)))
            TEST_FAIL("sweep %d: %.9g, users %.9g, items %.9g", sweeps, last, with_users,
                      with_items);
        last = with_items;
    }
    case_done(&c);
}

/* -- the same bytes --------------------------------------------------------------------------
 */

static bool same_bytes(const struct rec_als *a, const struct rec_als *b)
{
    return rec_als_item_count(a) == rec_als_item_count(b) &&
           memcmp(rec_als_items(a), rec_als_items(b),
                  rec_als_item_count(a) * (size_t)rec_als_factors(a) * sizeof(float)) == 0;
}

TEST(the_number_of_threads_changes_no_bit)
{
    static const int threads[] = {2, 5, 0};
    struct rec_als_conf conf = usual;
    struct rec_case c;

    conf.threads = 1;
    case_fill(&c, 700, 300, 0.05, 5);
    OWNED(rec_als) one = train(&c.matrix, &conf);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        conf.threads = threads[i];
        OWNED(rec_als) als = train(&c.matrix, &conf);
        CHECK(same_bytes(one, als));
    }
    conf.seed++;
    OWNED(rec_als) other = train(&c.matrix, &conf);
    CHECK(!same_bytes(one, other));
    case_done(&c);
}

TEST(a_model_from_a_file_folds_in_to_the_same_bytes)
{
    struct err err = {0};
    struct rec_case c;
    uint64_t seed = 1;

    case_fill(&c, 300, 200, 0.1, 5);
    OWNED(rec_als) trained = train(&c.matrix, &usual);
    OWNED(rec_als) read = rec_als_new(&usual, rec_als_items(trained), 200, &err);
    CHECK(read && same_bytes(trained, read));
    CHECK_INT(rec_als_factors(read), ==, 16);
    for (size_t count = 0; count < 40; count++) {
        uint32_t items[40];
        float a[16], b[16];

        for (size_t i = 0; i < count; i++)
            items[i] = case_random(&seed) % 200;
        rec_als_fold_in(trained, items, NULL, count, a);
        rec_als_fold_in(read, items, NULL, count, b);
        CHECK(case_same(a, b, sizeof a));
    }
    case_done(&c);
}

/* -- what it finds ---------------------------------------------------------------------------
 */

/* Items by which a user's product is larger than with item. */
static size_t rank_of(const struct rec_als *als, const float *user, uint32_t item)
{
    size_t k = (size_t)rec_als_factors(als), rank = 0;
    const float *items = rec_als_items(als);
    double own = 0;

    for (size_t f = 0; f < k; f++)
        own += (double)(user[f] * items[item * k + f]);
    for (size_t i = 0; i < rec_als_item_count(als); i++) {
        double p = 0;

        for (size_t f = 0; f < k; f++)
            p += (double)(user[f] * items[i * k + f]);
        rank += p > own;
    }
    return rank;
}

enum { GROUPS = 10, EACH = 20, VISITORS = 400 };

/* Visitors like a third of their group's items, and now and then anything. */
static void plant(struct rec_case *c)
{
    uint64_t seed = 9;

    case_init(c, VISITORS, GROUPS * EACH, (size_t)VISITORS * GROUPS * EACH);
    for (uint32_t r = 0; r < VISITORS; r++)
        for (uint32_t i = 0; i < GROUPS * EACH; i++)
            if (case_uniform(&seed) < (i / EACH == r % GROUPS ? 0.33 : 0.003))
                case_add(c, r, i, 1);
}

TEST(likes_that_were_held_back_rank_first)
{
    struct rec_case c;
    size_t likes = 0, found = 0;

    plant(&c);
    OWNED(rec_als) als = train(&c.matrix, &usual);
    for (uint32_t r = 0; r < VISITORS; r++)
        for (uint64_t e = c.row_start[r]; e < c.row_start[r + 1]; e++) {
            uint32_t kept[GROUPS * EACH];
            float user[16];
            size_t count = 0;

            if (c.col[e] / EACH != r % GROUPS)
                continue;
            for (uint64_t o = c.row_start[r]; o < c.row_start[r + 1]; o++)
                if (o != e)
                    kept[count++] = c.col[o];
            rec_als_fold_in(als, kept, NULL, count, user);
            likes++;
            found += rank_of(als, user, c.col[e]) < EACH;
        }
    CHECK_INT(likes, >, 2000);
    CHECK_INT(found, >=, likes * 95 / 100);
    case_done(&c);
}

TEST(what_was_shown_and_not_liked_moves_away)
{
    const uint32_t items[] = {0, 1, 2};
    float liked[16], disliked[16];
    struct rec_case c;

    plant(&c);
    OWNED(rec_als) als = train(&c.matrix, &usual);
    rec_als_fold_in(als, items, (const float[]){1, 1, 0.5F}, 3, liked);
    rec_als_fold_in(als, items, (const float[]){1, 1, -0.5F}, 3, disliked);
    CHECK_INT(rank_of(als, disliked, 2), >, rank_of(als, liked, 2));
    case_done(&c);
}

/* -- shapes ----------------------------------------------------------------------------------
 */

static bool all_zero(const float *factors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (factors[i] != 0)
            return false;
    return true;
}

TEST(empty_rows_and_columns_are_zeros)
{
    float user[16];
    struct rec_case c;

    case_fill(&c, 60, 40, 0.2, 2);
    OWNED(rec_als) als = train(&c.matrix, &usual);
    CHECK(all_zero(rec_als_items(als) + (size_t)5 * 16, 16));
    CHECK(!all_zero(rec_als_items(als) + (size_t)6 * 16, 16));
    rec_als_fold_in(als, NULL, NULL, 0, user);
    CHECK(all_zero(user, 16));
    rec_als_fold_in(als, (const uint32_t[]){6}, (const float[]){-1}, 1, user);
    CHECK(all_zero(user, 16));
    case_done(&c);
}

static void check_empty(uint32_t rows, uint32_t cols)
{
    struct rec_case c;
    struct err err = {0};

    case_init(&c, rows, cols, 0);
    OWNED(rec_als) als = train(&c.matrix, &usual);
    CHECK_INT(rec_als_item_count(als), ==, cols);
    CHECK(all_zero(rec_als_items(als), (size_t)cols * 16));
    OWNED(rec_als) read = rec_als_new(&usual, rec_als_items(als), cols, &err);
    CHECK(read);
    case_done(&c);
}

TEST(a_garden_that_nobody_visited_is_a_model_too)
{
    check_empty(0, 0);
    check_empty(10, 0);
    check_empty(0, 10);
    check_empty(10, 10);
}

/* One visitor who likes everything, again and again, beside some who like little. */
TEST(a_row_with_very_many_entries)
{
    enum { ROWS = 40, COLS = 30000 };
    uint64_t seed = 4;
    uint32_t *all;
    struct rec_case c;
    float got[16];
    double want[16], *exact, *gram;

    case_init(&c, ROWS, COLS, COLS + ROWS * 100);
    for (uint32_t i = 0; i < COLS; i++)
        case_add(&c, 0, i, 1);
    for (uint32_t r = 1; r < ROWS; r++)
        for (uint32_t i = case_random(&seed) % 900; i < COLS;
             i += 300 + case_random(&seed) % 900)
            case_add(&c, r, i, 1);
    OWNED(rec_als) als = train(&c.matrix, &usual);
    exact = case_doubles(rec_als_items(als), (size_t)COLS * 16);
    gram = plain_gram(&(struct plain){&usual, exact, COLS});
    all = calloc(COLS, sizeof *all);
    CHECK(all);
    for (uint32_t i = 0; i < COLS; i++)
        all[i] = i;
    rec_als_fold_in(als, all, NULL, COLS, got);
    plain_row(&(struct plain){&usual, exact, COLS}, gram, all, NULL, COLS, want);
    case_compare("the visitor", got, want, 16, 1e-4);
    free(all);
    free(gram);
    free(exact);
    case_done(&c);
}

/* -- stopping, and what is wrong -------------------------------------------------------------
 */

struct watch {
    int calls, last_call;
    double done;
};

static bool on_half(void *ctx, double done)
{
    struct watch *watch = ctx;

    CHECK(done > watch->done && done <= 1);
    watch->done = done;
    return ++watch->calls != watch->last_call;
}

TEST(training_says_how_far_it_is_and_can_be_ended)
{
    struct watch whole = {0}, ended = {.last_call = 3};
    struct rec_als_conf conf = usual;
    struct rec_case c;
    struct err err = {0};

    case_fill(&c, 60, 40, 0.2, 2);
    conf.go_on = on_half;
    conf.ctx = &whole;
    OWNED(rec_als) als = train(&c.matrix, &conf);
    CHECK_INT(whole.calls, ==, 2 * conf.sweeps);
    CHECK(whole.done == 1);
    conf.ctx = &ended;
    CHECK(!rec_als_train(&c.matrix, &conf, &err));
    CHECK_INT(err.code, ==, ERR_TIMEOUT);
    CHECK_INT(ended.calls, ==, 3);
    CHECK_HAS(err.text, "after 3 of 8 half sweeps");
    case_done(&c);
}

static void refused(const struct rec_case *c, struct rec_als_conf conf, const char *why)
{
    struct err err = {0};

    CHECK(!rec_als_train(&c->matrix, &conf, &err));
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, why);
}

#define REFUSED(member_, value_, why_)   \
    do {                                 \
        struct rec_als_conf bad = usual; \
                                         \
        bad.member_ = (value_);          \
        refused(&c, bad, why_);          \
    } while (0)

TEST(a_conf_that_makes_no_sense_is_refused)
{
    struct rec_case c;

    case_fill(&c, 20, 20, 0.2, 2);
    REFUSED(factors, 0, "factors is 0; it takes a multiple of 16 up to 256");
    REFUSED(factors, 40, "factors is 40");
    REFUSED(factors, 272, "factors is 272");
    REFUSED(factors, -16, "factors is -16");
    REFUSED(sweeps, 0, "sweeps is 0; it takes");
    REFUSED(unobserved, -0.1F, "unobserved is -0.1; it takes");
    REFUSED(unobserved, NAN, "unobserved is nan");
    REFUSED(regularisation, 0, "regularisation is 0; it takes");
    REFUSED(regularisation, INFINITY, "regularisation is inf");
    REFUSED(frequency, 1.5F, "frequency is 1.5; it takes");
    REFUSED(frequency, NAN, "frequency is nan");
    REFUSED(threads, -1, "threads is -1; it takes");
    case_done(&c);
}

TEST(a_matrix_that_makes_no_sense_is_refused)
{
    struct rec_case c;
    float kept;

    case_fill(&c, 20, 20, 0.2, 2);
    kept = c.weight[1];
    c.weight[1] = NAN;
    refused(&c, usual, "weights are finite");
    c.weight[1] = 3e38F;
    refused(&c, usual, "no solution in floats: make its weights smaller");
    c.weight[1] = kept;
    c.col[1] = 20;
    refused(&c, usual, "names column 20, but it has 20");
    c.col[1] = 7;
    c.row_start[11] = c.row_start[10] - 1;
    refused(&c, usual, "row 10 of the matrix ends before it starts");
    c.row_start[0] = 1;
    refused(&c, usual, "row 0 of the matrix starts at entry 1");
    case_done(&c);
}

TEST(a_damaged_file_is_refused)
{
    float items[32] = {[20] = NAN};
    struct rec_als_conf conf = usual;
    struct err err = {0};

    CHECK(!rec_als_new(&conf, items, 2, &err));
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, "factor 4 of item 1 is no finite number");
    err_clear(&err);
    conf.factors = 17;
    CHECK(!rec_als_new(&conf, items, 1, &err));
    CHECK_HAS(err.text, "factors is 17");
}
