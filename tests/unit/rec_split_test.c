/* rec_split_test.c - the protocol by which recommenders are compared, by hand. */
#include <math.h>

#include "tests/support/process.h"
#include "tests/support/rec_split.h"
#include "tests/test.h"

#define CHECK_NEAR(a, b) CHECK(fabs((a) - (b)) < 1e-9)

/* The cut at 0.6 is at time 60: the first six likes are before it. */
static struct rec_split *small(void)
{
    static const struct rec_like likes[] = {
        {0, 3, 10}, {0, 1, 20}, {1, 2, 30}, {0, 1, 40}, {1, 1, 50}, {2, 0, 55}, /* before */
        {0, 2, 60},                                                             /* foretold */
        {0, 3, 70}, /* liked before */
        {3, 1, 80}, /* nothing known of the user */
        {1, 4, 90}, /* nothing known of the item */
    };
    struct err err = {0};
    OWNED(rec_dataset) dataset = rec_dataset_empty(4, 5, &err);
    struct rec_split *split;

    for (size_t i = 0; i < sizeof likes / sizeof *likes; i++)
        CHECK_OK(rec_dataset_add(dataset, &likes[i], &err), err);
    split = rec_split_new(dataset, 0.6, 1, 0, &err);
    if (!split)
        TEST_FAIL("%s", err.text);
    return split;
}

TEST(the_past_is_learnt_and_only_what_is_new_is_asked)
{
    OWNED(rec_split) split = small();

    CHECK_INT(split->train.start[1], ==, 2); /* items 1 and 3, each once */
    CHECK_INT(split->train.items[0], ==, 1);
    CHECK_INT(split->train.items[1], ==, 3);
    CHECK_INT(split->train.start[4], ==, 5);
    CHECK_INT(split->asked_count, ==, 1);
    CHECK_INT(split->asked[0], ==, 0);
    CHECK_INT(split->test.start[1], ==, 1);
    CHECK_INT(split->test.items[0], ==, 2);
}

static void by_number(void *ctx, const struct rec_split *split, const size_t *asked,
                      size_t count, float *ret_scores)
{
    (void)ctx;
    (void)asked;
    for (size_t i = 0; i < count * split->items; i++)
        ret_scores[i] = (float)(i % split->items);
}

TEST(everything_but_the_users_own_is_ranked)
{
    OWNED(rec_split) split = small();
    uint32_t ranking[REC_TOP];
    struct err err = {0};

    CHECK_OK(rec_rank(split, by_number, NULL, ranking, &err), err);
    CHECK_INT(ranking[0], ==, 4); /* 3 is the user's own, 2 is theirs, 1 is the user's own */
    CHECK_INT(ranking[1], ==, 2);
    CHECK_INT(ranking[2], ==, 0);
    CHECK(ranking[3] == REC_NONE);

    struct rec_metrics m = rec_judge(split, ranking);

    CHECK_NEAR(m.hr10, 1);
    CHECK_NEAR(m.ndcg10, 1 / log2(3));
    CHECK_NEAR(m.recall20, 1);
}

TEST(places_behind_the_tenth_count_for_recall_only)
{
    uint64_t train[] = {0, 0}, test[] = {0, 2};
    uint32_t asked[] = {0}, items[] = {7, 8}, ranking[REC_TOP];
    const struct rec_split split = {.users = 1,
                                    .items = 100,
                                    .train = {train, items},
                                    .asked = asked,
                                    .asked_count = 1,
                                    .test = {test, items}};

    for (uint32_t i = 0; i < REC_TOP; i++)
        ranking[i] = i + 20;
    ranking[12] = 7;

    struct rec_metrics m = rec_judge(&split, ranking);

    CHECK_NEAR(m.hr10, 0);
    CHECK_NEAR(m.ndcg10, 0);
    CHECK_NEAR(m.recall20, 0.5);
}

TEST(a_split_is_read_as_it_was_written)
{
    OWNED(rec_split) split = small();
    const char *folder = folder_new();
    struct err err = {0};

    CHECK_OK(rec_split_write(split, folder, &err), err);

    OWNED(rec_split) again = rec_split_read(folder, &err);

    CHECK(again);
    CHECK_INT(again->users, ==, 4);
    CHECK_INT(again->items, ==, 5);
    CHECK_INT(again->asked_count, ==, 1);
    CHECK_INT(again->train.start[4], ==, 5);
    CHECK_INT(again->test.items[0], ==, 2);
    CHECK(!memcmp(again->train.items, split->train.items, 5 * sizeof(uint32_t)));
}

TEST(made_up_likes_are_those_of_few_items_and_foretell_each_other)
{
    struct err err = {0};
    OWNED(rec_dataset)
    dataset = rec_dataset_new(
        &(struct rec_dataset_conf){
            .users = 2000, .items = 500, .mean = 15, .topics = 8, .seed = 1},
        &err);
    CHECK(dataset);

    OWNED(rec_split) split = rec_split_new(dataset, 0.8, 1, 0, &err);

    CHECK(split);
    CHECK_INT(dataset->count, >, 20000);
    CHECK_INT(dataset->count, <, 40000);
    CHECK_INT(split->asked_count, >, 400);
}

TEST(an_exports_likes_are_read)
{
    static const char csv[] = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,IMPRESSION\n"
                              "\"a, b\",x,100,click,x|y\n"
                              "c,y,200,skip,\n"
                              "c,x,nonsense,click,\n"
                              "c,y,300,click,\n"
                              "\"a, b\",y,400,click,\n";
    const char *folder = folder_new();
    struct err err = {0};

    folder_put(folder, "interactions/interactions.csv", csv, sizeof csv - 1);

    OWNED(rec_dataset) dataset = rec_dataset_read(folder, &err);

    if (!dataset)
        TEST_FAIL("%s", err.text);
    CHECK_INT(dataset->count, ==, 3);
    CHECK_INT(dataset->users, ==, 2);
    CHECK_INT(dataset->items, ==, 2);
    CHECK_INT(dataset->likes[2].user, ==, dataset->likes[0].user);
    CHECK_INT(dataset->likes[2].item, ==, dataset->likes[1].item);
    CHECK_INT(dataset->likes[2].time, ==, 400);
}

TEST(a_folder_without_likes_says_what_was_looked_for)
{
    struct err err = {0};

    CHECK(!rec_dataset_read(folder_new(), &err));
    CHECK_HAS(err.text, "interactions.csv");
}
