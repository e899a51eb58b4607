/* recommender_snapshot_test.c - the local engine written to a file and read again: the same
 * answers; and what is damaged or of another is refused, and leaves an engine that works. */
#include "lib/base/file.h"
#include "services/recommender-proxy/snapshot.h"
#include "services/recommender-proxy/snapshot_local.h"
#include "tests/support/process.h"
#include "tests/unit/recommender_case.h"

enum { PICTURES = 60, VISITORS = 80 };

static struct follow_offsets offsets[INTAKE_TOPICS], got[INTAKE_TOPICS];

static const char *path_of(const char *name)
{
    static char path[300];
    static const char *folder;

    if (!folder)
        folder = folder_new();
    (void)snprintf(path, sizeof path, "%s/deep/%s", folder, name);
    return path;
}

static void fill(struct rec_local *local)
{
    for (int i = 0; i < PICTURES; i++)
        garden_item_at(local, garden_key(i % 2 ? "winter,snowy,day" : "벚꽃,\"a b\"", i),
                       i % 5 ? THEN : clock_wall_ms() - DAY_MS, i % 7 ? "" : "same");
    for (int i = 0; i < 9; i++)
        CHECK(garden_look(local, garden_key("winter,snowy,day", 2 * i + 1),
                          (struct image_look){77, 7}));
    for (int visitor = 0; visitor < VISITORS; visitor++) {
        const char *user = garden_name("방문자/", visitor);

        garden_user(local, user, visitor % 2 ? "adult" : "child",
                    visitor % 3 ? "Male" : "Female");
        for (int i = visitor % 2; i < PICTURES; i += 4)
            garden_act(local, user, (enum interaction_type)(i % 4),
                       garden_key(i % 2 ? "winter,snowy,day" : "벚꽃,\"a b\"", i), THEN + i);
    }
    garden_act(local, "gone", INTERACTION_LIKE, garden_key("", 1000), THEN);
    garden_remove(local, garden_key("winter,snowy,day", 3));
    CHECK_OK(rec_local_forget(local, "방문자/3", THEN + DAY_MS, &(struct err){0}),
             (struct err){0});
}

static struct rec_local *filled(void)
{
    struct rec_local *local = garden_new(0.2F);

    fill(local);
    garden_train(local);
    return local;
}

static void write_to(struct rec_local *local, const char *path)
{
    struct err err = {0};

    for (int i = 0; i < INTAKE_TOPICS; i++)
        offsets[i].next[3 + i] = 100 + i;
    CHECK_OK(rec_snapshot_write(local, path, offsets, &err), err);
}

static void check_same(struct rec_local *one, struct rec_local *other)
{
    static struct rec_answer held;

    CHECK(rec_local_model_id(one) == rec_local_model_id(other));
    for (int visitor = -3; visitor < VISITORS; visitor++) {
        const struct rec_query query = {.user_id = visitor < 0
                                                       ? garden_name("new ", visitor)
                                                       : garden_name("방문자/", visitor)};
        const struct rec_answer *answer;
        struct err err = {0};

        CHECK_OK(garden_ask(one, &query, &held, &err), err);
        answer = garden_answer(other, query);
        CHECK_INT(answer->count, ==, held.count);
        CHECK_INT(held.count, >, 0);
        for (size_t i = 0; i < held.count; i++) {
            CHECK_STR(held.results[i].item_id, answer->results[i].item_id);
            CHECK(held.results[i].score == answer->results[i].score);
            CHECK(held.results[i].propensity == answer->results[i].propensity);
        }
    }
    rec_answer_done(&held);
}

TEST(what_is_written_is_read_and_answers_the_same)
{
    OWNED(rec_local) local = filled();
    OWNED(rec_local) other = garden_new(0.2F);
    uint64_t now, learnt;
    struct err err = {0};

    write_to(local, path_of("a"));
    CHECK_OK(rec_snapshot_read(other, path_of("a"), got, &err), err);
    CHECK_INT(memcmp(got, offsets, sizeof got), ==, 0);
    check_same(local, other);
    rec_local_changes(other, &now, &learnt);
    CHECK(now == learnt);
    for (int round = 0; round < 2; round++) { /* and both go on the same */
        garden_act(round ? local : other, "방문자/5", INTERACTION_LIKE,
                   garden_key("winter,snowy,day", 7), THEN + 2 * DAY_MS);
        garden_item(round ? local : other, garden_key("", 2000));
    }
    check_same(local, other);
    garden_train(local);
    garden_train(other);
    check_same(local, other);
}

TEST(what_was_not_learnt_when_it_was_written_is_to_be_learnt)
{
    OWNED(rec_local) local = filled();
    OWNED(rec_local) other = garden_new(0.2F);
    uint64_t now, learnt;
    struct err err = {0};

    garden_act(local, "방문자/5", INTERACTION_LIKE, garden_key("winter,snowy,day", 7),
               THEN + 2 * DAY_MS);
    write_to(local, path_of("a"));
    CHECK_OK(rec_snapshot_read(other, path_of("a"), got, &err), err);
    rec_local_changes(other, &now, &learnt);
    CHECK(now > learnt);
    garden_train(local);
    garden_train(other);
    check_same(local, other);
}

TEST(an_engine_that_knows_nothing_can_be_written)
{
    OWNED(rec_local) local = garden_new(0);
    OWNED(rec_local) other = garden_new(0);
    struct err err = {0};

    write_to(local, path_of("a"));
    CHECK_OK(rec_snapshot_read(other, path_of("a"), got, &err), err);
    CHECK_INT(ASK(other, .user_id = "a")->count, ==, 0);
    garden_item(local, garden_key("", 1)); /* too little to learn from */
    garden_act(local, "a", INTERACTION_LIKE, garden_key("", 1), THEN);
    garden_train(local);
    write_to(local, path_of("a"));
    rec_local_free(other);
    other = garden_new(0);
    CHECK_OK(rec_snapshot_read(other, path_of("a"), got, &err), err);
    CHECK_INT(ASK(other, .user_id = "a")->count, ==, 1);
}

/* -- files of no use -- */

static void put_file(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wbe");

    CHECK(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

/* It is refused with this reason, and the engine takes everything in from its beginning. */
static void check_refused(const char *path, const char *why, int code)
{
    OWNED(rec_local) local = garden_new(0.2F);
    struct err err = {0};

    CHECK_INT(rec_snapshot_read(local, path, got, &err), ==, code);
    CHECK_HAS(err.text, why);
    CHECK_INT(ASK(local, .user_id = "방문자/1")->count, ==, 0);
    garden_item(local, garden_key("", 1));
    CHECK_INT(ASK(local, .user_id = "방문자/1")->count, ==, 1);
}

/* The file with its sum made right again. */
static void put_summed(const char *path, struct buf *file)
{
    const size_t size = file->size - sizeof(uint64_t);
    const uint64_t sum = snapshot_sum(0, file->data, size);

    memcpy(file->data + size, &sum, sizeof sum);
    put_file(path, file->data, file->size);
}

static void load(struct buf *file)
{
    OWNED(rec_local) local = filled();
    struct err err = {0};

    write_to(local, path_of("a"));
    CHECK_OK(file_read(path_of("a"), SIZE_MAX / 8, file, &err), err);
}

TEST(there_need_not_be_a_file)
{
    check_refused(path_of("none"), "none", ERR_NOT_FOUND);
}

TEST(a_file_that_is_cut_is_refused)
{
    OWNED_VALUE(buf) file = {0};

    load(&file);
    for (size_t i = 0; i < 40; i++) {
        put_file(path_of("b"), file.data, i < 20 ? i * 9 : file.size * (i - 19) / 21);
        check_refused(path_of("b"), path_of("b"), ERR_INVALID);
    }
    put_file(path_of("b"), file.data, file.size - 8);
    check_refused(path_of("b"), "its sum is wrong", ERR_INVALID);
}

static void flip(char *byte, unsigned bit)
{
    unsigned char *at = (unsigned char *)byte;

    *at = (unsigned char)(*at ^ 1U << bit);
}

TEST(a_byte_that_changed_is_noticed)
{
    OWNED_VALUE(buf) file = {0};

    load(&file);
    for (size_t i = 0; i < 60; i++) {
        const size_t at = (file.size - 1) * i / 59;

        flip(file.data + at, i % 8);
        put_file(path_of("b"), file.data, file.size);
        check_refused(path_of("b"), "its sum is wrong: it is cut or damaged", ERR_INVALID);
        flip(file.data + at, i % 8);
    }
    buf_append(&file, "12345678", 8);
    put_file(path_of("b"), file.data, file.size);
    check_refused(path_of("b"), "its sum is wrong", ERR_INVALID);
}

TEST(another_version_or_other_settings_are_refused)
{
    OWNED_VALUE(buf) file = {0};
    struct snapshot_head head;

    load(&file);
    for (int i = 0; i < 6; i++) {
        OWNED_VALUE(buf) changed = {0};

        buf_append(&changed, file.data, file.size);
        memcpy(&head, file.data, sizeof head);
        if (i == 0)
            head.version++;
        else if (i == 1)
            head.magic ^= 1;
        else if (i == 2)
            head.visitor_bytes += 8;
        else if (i == 3)
            head.als.factors = 32;
        else if (i == 4)
            head.als.regularisation += 1;
        else
            head.als.seed++;
        memcpy(changed.data, &head, sizeof head);
        put_summed(path_of("b"), &changed);
        check_refused(path_of("b"),
                      i < 3 ? "it is of another version of this program"
                            : "it was made with other settings",
                      ERR_INVALID);
    }
}

/* Whoever can write the file can also make its sum right: nothing may be looked up beyond what
 * is there. Some of these can be read, and then it answers. */
TEST(a_forged_file_does_no_harm)
{
    OWNED_VALUE(buf) file = {0};
    uint64_t random = 88172645463325252;

    load(&file);
    for (int i = 0; i < 1500; i++) {
        OWNED_VALUE(buf) changed = {0};
        OWNED(rec_local) local = garden_new(0.2F);
        struct err err = {0};

        buf_append(&changed, file.data, file.size);
        for (int k = 0; k <= i % 3; k++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            flip(changed.data + (random >> 20) % (i % 2 ? 400 : changed.size), random % 8);
        }
        put_summed(path_of("b"), &changed);
        if (rec_snapshot_read(local, path_of("b"), got, &err) == 0) {
            (void)ASK(local, .user_id = "방문자/1");
            if (i % 50 == 0)
                garden_train(local);
        } else {
            CHECK_INT(err.code, ==, ERR_INVALID);
        }
    }
}
