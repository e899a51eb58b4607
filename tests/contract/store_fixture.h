/* store_fixture.h - an empty corner of a store for one test: a folder of its own for fs, keys
 * under a prefix of their own for s3 (TEST_S3). Included once by a test program. */
#ifndef TESTS_CONTRACT_STORE_FIXTURE_H
#define TESTS_CONTRACT_STORE_FIXTURE_H

#include <ftw.h>
#include <inttypes.h>
#include <stdbool.h>

#include "lib/base/text.h"
#include "lib/crypto/crypto.h"
#include "lib/store/store.h"
#include "tests/test.h"

struct fixture {
    struct store *store;
    char dir[256];   /* fs */
    char prefix[32]; /* of all keys of the test */
};

static inline int unlink_entry(const char *path, const struct stat *st, int type,
                               struct FTW *place)
{
    (void)st;
    (void)type;
    (void)place;
    return remove(path);
}

static inline void make_test_dir(char *dir, size_t size)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(dir, size, "%s/store-XXXXXX", base && *base ? base : "/tmp");
    CHECK(mkdtemp(dir) != NULL);
}

static inline void remove_test_dir(const char *dir)
{
    (void)nftw(dir, unlink_entry, 32, FTW_DEPTH | FTW_PHYS);
}

/* Opens an fs store in a folder of its own, or the store of TEST_S3. */
static inline void fixture_open(struct fixture *f, bool s3)
{
    const char *url = getenv("TEST_S3");
    struct store_conf conf = {.url = s3 ? url : "fs", .dir = f->dir};
    struct err err = {0};
    uint8_t random[8];

    if (s3 && (!url || !*url))
        SKIP("TEST_S3 is not set");
    if (!s3)
        make_test_dir(f->dir, sizeof f->dir);
    random_bytes(random, sizeof random);
    (void)snprintf(f->prefix, sizeof f->prefix, "t-");
    text_hex(random, sizeof random, f->prefix + 2);
    (void)snprintf(f->prefix + strlen(f->prefix), 2, "/");
    f->store = store_open(&conf, &err);
    if (!f->store)
        TEST_FAIL("open the store: %s", err.text);
}

struct key_list {
    char (*keys)[1032];
    size_t count, room;
};

static inline int add_key(void *ctx, const char *key, const struct store_info *info,
                          struct err *err)
{
    struct key_list *list = ctx;

    (void)info;
    (void)err;
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 64;
        list->keys = realloc(list->keys, list->room * sizeof *list->keys);
        CHECK(list->keys != NULL);
    }
    CHECK_INT(text_copy(list->keys[list->count++], sizeof *list->keys, key), ==, 0);
    return 0;
}

static inline void key_list_done(struct key_list *list)
{
    free(list->keys);
}

static inline void fixture_close(struct fixture *f)
{
    struct err err = {0};

    if (*f->dir) {
        remove_test_dir(f->dir);
    } else {
        OWNED_VALUE(key_list) list = {0};

        CHECK_OK(store_list(f->store, f->prefix, NULL, 0, add_key, &list, &err), err);
        for (size_t i = 0; i < list.count; i++)
            CHECK_OK(store_remove(f->store, list.keys[i], NULL, &err), err);
    }
    store_free(f->store);
}

/* The test's key of this name. A few may be in use at a time. */
static inline const char *key_of(const struct fixture *f, const char *name)
{
    static char keys[8][1100];
    static unsigned int next;
    char *key = keys[next++ % 8];

    (void)snprintf(key, sizeof keys[0], "%s%s", f->prefix, name);
    return key;
}

static inline struct store_info put_text(const struct fixture *f, const char *name,
                                         const char *text)
{
    struct store_info info = {0};
    struct err err = {0};

    CHECK_OK(store_put(f->store, key_of(f, name), text, strlen(text), NULL, &info, &err), err);
    return info;
}

static inline void check_text(const struct fixture *f, const char *name, const char *text)
{
    OWNED_VALUE(buf) data = {0};
    struct err err = {0};

    CHECK_OK(store_get(f->store, key_of(f, name), &data, NULL, &err), err);
    CHECK_INT(data.size, ==, strlen(text));
    CHECK_STR(buf_text(&data), text);
}

/* A test of its own name that runs body in a corner of either backend. */
#define STORE_TEST(test_, body_, s3_)  \
    TEST(test_)                        \
    {                                  \
        struct fixture fixture_ = {0}; \
        fixture_open(&fixture_, s3_);  \
        body_(&fixture_);              \
        fixture_close(&fixture_);      \
    }

/* A contract: the same test for both. */
#define CONTRACT(name_)                   \
    static void name_(struct fixture *f); \
    STORE_TEST(name_##_fs, name_, false)  \
    STORE_TEST(name_##_s3, name_, true)   \
    static void name_(struct fixture *f)

#endif
