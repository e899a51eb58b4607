/* What store.h promises of lists, of both backends. */
#define TEST_SECONDS 120
#include "tests/contract/store_fixture.h"

/* Compares the names that a list gives, without the test's prefix, joined by spaces. */
#define CHECK_LIST(f_, prefix_, after_, limit_, expected_)                                    \
    do {                                                                                      \
        OWNED_VALUE(key_list) list_ = {0};                                                    \
        OWNED_VALUE(buf) text_ = {0};                                                         \
        struct err err_ = {0};                                                                \
        CHECK_OK(store_list((f_)->store, prefix_, after_, limit_, add_key, &list_, &err_),    \
                 err_);                                                                       \
        for (size_t i_ = 0; i_ < list_.count; i_++)                                           \
            buf_printf(&text_, "%s%s", i_ ? " " : "", list_.keys[i_] + strlen((f_)->prefix)); \
        CHECK_STR(buf_text(&text_), expected_);                                               \
    } while (0)

static void put_tree(const struct fixture *f)
{
    static const char *const names[] = {"ab", "a/b.c", "a-x", "a/b/d", "a.x", "a/b/c",
                                        "b",  "a0",    "B",   "a/b-",  "a/bb"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)put_text(f, names[i], names[i]);
}

CONTRACT(a_list_is_in_the_order_of_the_keys_bytes)
{
    put_tree(f);
    CHECK_LIST(f, f->prefix, NULL, 0, "B a-x a.x a/b- a/b.c a/b/c a/b/d a/bb a0 ab b");
}

CONTRACT(a_prefix_may_end_within_a_part)
{
    put_tree(f);
    CHECK_LIST(f, key_of(f, "a/"), NULL, 0, "a/b- a/b.c a/b/c a/b/d a/bb");
    CHECK_LIST(f, key_of(f, "a/b"), NULL, 0, "a/b- a/b.c a/b/c a/b/d a/bb");
    CHECK_LIST(f, key_of(f, "a/b/"), NULL, 0, "a/b/c a/b/d");
    CHECK_LIST(f, key_of(f, "a/b/d"), NULL, 0, "a/b/d");
    CHECK_LIST(f, key_of(f, "a"), NULL, 0, "a-x a.x a/b- a/b.c a/b/c a/b/d a/bb a0 ab");
    CHECK_LIST(f, key_of(f, "a/b/d/"), NULL, 0, "");
    CHECK_LIST(f, key_of(f, "nothing/here"), NULL, 0, "");
    CHECK_LIST(f, key_of(f, "a//"), NULL, 0, "");
    CHECK_LIST(f, key_of(f, "a/../"), NULL, 0, "");
}

CONTRACT(a_list_goes_on_after_a_key)
{
    put_tree(f);
    CHECK_LIST(f, f->prefix, key_of(f, "a/b.c"), 0, "a/b/c a/b/d a/bb a0 ab b");
    CHECK_LIST(f, f->prefix, key_of(f, "a/b/c"), 2, "a/b/d a/bb");
    CHECK_LIST(f, f->prefix, key_of(f, "a/b/cc"), 1, "a/b/d"); /* needs not be there */
    CHECK_LIST(f, f->prefix, key_of(f, "a/b/"), 1, "a/b/c");
    CHECK_LIST(f, f->prefix, key_of(f, "a/b"), 1, "a/b-");
    CHECK_LIST(f, key_of(f, "a/"), key_of(f, "A"), 2, "a/b- a/b.c");
    CHECK_LIST(f, key_of(f, "a/"), key_of(f, "b"), 0, "");
    CHECK_LIST(f, f->prefix, key_of(f, "b"), 0, "");
    CHECK_LIST(f, f->prefix, NULL, 1, "B");
}

static int check_info(void *ctx, const char *key, const struct store_info *info,
                      struct err *err)
{
    const struct store_info *head = ctx;

    (void)key;
    CHECK_INT(info->size, ==, head->size);
    CHECK_STR(info->etag, head->etag);
    CHECK_INT(info->mtime_ns / 1000000000, ==, head->mtime_ns / 1000000000);
    return err_set(err, ERR_CONFLICT, "enough");
}

CONTRACT(a_list_tells_what_head_tells_until_the_callback_ends_it)
{
    struct store_info info;
    struct err err = {0};

    (void)put_text(f, "one", "12345");
    (void)put_text(f, "two", "12345");
    CHECK_OK(store_head(f->store, key_of(f, "one"), &info, &err), err);
    CHECK_INT(store_list(f->store, f->prefix, NULL, 0, check_info, &info, &err), ==,
              ERR_CONFLICT);
    CHECK_STR(err.text, "enough");
}

CONTRACT(two_and_a_half_thousand_objects_come_once_each)
{
    enum { COUNT = 2500 };
    OWNED_VALUE(key_list) all = {0}, paged = {0};
    struct err err = {0};

    for (int i = 0; i < COUNT; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "many/%d/%04d", i % 2, i);
        (void)put_text(f, name, "x");
    }
    CHECK_OK(store_list(f->store, key_of(f, "many/"), NULL, 0, add_key, &all, &err), err);
    CHECK_INT(all.count, ==, COUNT);
    for (size_t i = 1; i < all.count; i++)
        CHECK_INT(strcmp(all.keys[i - 1], all.keys[i]), <, 0);
    while (paged.count < COUNT) {
        const char *after = paged.count ? paged.keys[paged.count - 1] : NULL;
        size_t before = paged.count;
        char last[1032] = "";

        if (after)
            CHECK_INT(text_copy(last, sizeof last, after), ==, 0);
        CHECK_OK(store_list(f->store, key_of(f, "many/"), last, 600, add_key, &paged, &err),
                 err);
        CHECK_INT(paged.count, ==, before + 600 < COUNT ? before + 600 : COUNT);
    }
    for (size_t i = 0; i < COUNT; i++)
        CHECK_STR(paged.keys[i], all.keys[i]);
}
