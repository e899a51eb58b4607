/* What store.h promises, of both backends. */
#include "tests/contract/store_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

CONTRACT(what_is_put_is_got)
{
    struct store_info put, info;
    OWNED_VALUE(buf) data = {0};
    struct err err = {0};
    char all[256];

    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    CHECK_OK(store_put(f->store, key_of(f, "a/b/all.jpeg"), all, sizeof all, NULL, &put, &err),
             err);
    buf_append_str(&data, "before:");
    CHECK_OK(store_get(f->store, key_of(f, "a/b/all.jpeg"), &data, &info, &err), err);
    CHECK_INT(data.size, ==, 7 + sizeof all);
    CHECK(memcmp(data.data + 7, all, sizeof all) == 0);
    CHECK_INT(info.size, ==, sizeof all);
    CHECK_STR(info.etag, put.etag);
    CHECK_INT(put.size, ==, sizeof all);
    CHECK_INT(info.mtime_ns, >, 1500000000000000000);
    CHECK(strchr(info.etag, '"') == NULL);
    CHECK_OK(store_head(f->store, key_of(f, "a/b/all.jpeg"), &info, &err), err);
    CHECK_INT(info.size, ==, sizeof all);
    CHECK_STR(info.etag, put.etag);
}

CONTRACT(an_empty_object_is_an_object)
{
    struct store_info info = {.size = 1};
    OWNED_VALUE(buf) data = {0};
    struct err err = {0};

    CHECK_OK(store_put(f->store, key_of(f, "empty"), NULL, 0, NULL, &info, &err), err);
    CHECK_INT(info.size, ==, 0);
    CHECK_OK(store_get(f->store, key_of(f, "empty"), &data, NULL, &err), err);
    CHECK_INT(data.size, ==, 0);
    CHECK_OK(store_get_range(f->store, key_of(f, "empty"), 0, 10, &data, &info, &err), err);
    CHECK_INT(data.size, ==, 0);
}

CONTRACT(meta_does_not_hinder)
{
    const struct store_meta meta = {
        .content_type = "image/jpeg",
        .sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .width = 1280,
        .height = 800,
    };
    struct err err = {0};

    CHECK_OK(store_put(f->store, key_of(f, "m.jpeg"), "jpeg", 4, &meta, NULL, &err), err);
    check_text(f, "m.jpeg", "jpeg");
}

CONTRACT(a_put_replaces_and_the_etag_tells)
{
    struct store_info before, after, now;
    struct err err = {0};

    for (int i = 0; i < 20; i++) {
        char a[2] = {(char)('a' + i), 0}, b[2] = {(char)('A' + i), 0};

        before = put_text(f, "x", a);
        after = put_text(f, "x", b);
        CHECK(strcmp(before.etag, after.etag) != 0);
        check_text(f, "x", b);
    }
    CHECK_OK(store_head(f->store, key_of(f, "x"), &now, &err), err);
    CHECK_STR(now.etag, after.etag);
}

CONTRACT(what_is_not_there_is_not_found)
{
    struct store_info info = {.size = 42};
    OWNED_VALUE(buf) data = {0};
    struct err err = {0};

    (void)put_text(f, "there/is", "x");
    CHECK_INT(store_get(f->store, key_of(f, "none"), &data, &info, &err), ==, ERR_NOT_FOUND);
    CHECK_HAS(err.text, "none");
    err_clear(&err);
    CHECK_INT(store_head(f->store, key_of(f, "none"), &info, &err), ==, ERR_NOT_FOUND);
    err_clear(&err);
    CHECK_INT(store_get(f->store, key_of(f, "there"), &data, &info, &err), ==, ERR_NOT_FOUND);
    err_clear(&err);
    CHECK_INT(store_get(f->store, key_of(f, "there/is/not"), &data, NULL, &err), ==,
              ERR_NOT_FOUND);
    err_clear(&err);
    CHECK_INT(store_copy(f->store, key_of(f, "none"), key_of(f, "to"), &info, &err), ==,
              ERR_NOT_FOUND);
    CHECK_INT(info.size, ==, 42);
    CHECK_INT(data.size, ==, 0);
}

CONTRACT(odd_keys_round_trip)
{
    static const char *const names[] = {
        "a b",          "a+b",         "a%20b",      "%",       "100%/25%.jpeg",
        "행복/꽃.jpeg", "it's",        "\"q\"",      "~tilde~", "a&b=c?d",
        "#hash;semi,",  "back\\slash", "<xml>&amp;", "[1]{2}",  "spring,sunny,day/x v.jpeg",
        "e\u0301",      "\u00e9",      "Case",       "case",    "...",
        ".hidden",      "a.",          "🌸",
    };
    OWNED_VALUE(key_list) list = {0};
    struct err err = {0};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)put_text(f, names[i], names[i]);
    CHECK_OK(store_list(f->store, f->prefix, NULL, 0, add_key, &list, &err), err);
    CHECK_INT(list.count, ==, sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t at = 0;

        check_text(f, names[i], names[i]);
        while (at < list.count && strcmp(list.keys[at], key_of(f, names[i])) != 0)
            at++;
        if (at == list.count)
            TEST_FAIL("%s is not in the list", names[i]);
        CHECK_OK(
            store_copy(f->store, key_of(f, names[i]), key_of(f, "copied to/a+b%"), NULL, &err),
            err);
        check_text(f, "copied to/a+b%", names[i]);
    }
}

CONTRACT(a_key_of_1024_bytes_is_fine_and_one_more_is_not)
{
    char key[1100];
    struct err err = {0};

    (void)snprintf(key, sizeof key, "%s", f->prefix);
    while (strlen(key) < 1024)
        (void)snprintf(key + strlen(key), sizeof key - strlen(key), "%s",
                       strlen(key) % 100 == 99 ? "/" : "k");
    CHECK_OK(store_put(f->store, key, "x", 1, NULL, NULL, &err), err);
    CHECK_OK(store_remove(f->store, key, NULL, &err), err);
    (void)snprintf(key + 1024, sizeof key - 1024, "k");
    CHECK_INT(store_put(f->store, key, "x", 1, NULL, NULL, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "1024");
}

CONTRACT(keys_that_could_leave_the_store_are_refused)
{
    static const char *const keys[] = {
        "",     "/a",     "a/",           "a//b",   ".",           "..",
        "../a", "a/..",   "a/../b",       "a/./b",  "a\nb",        "a\x7f",
        "\x01", "a/\xff", "\xed\xa0\x80", ".tmp-a", "a/.tmp-put/x"};
    OWNED_VALUE(buf) data = {0};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct err err = {0}, get = {0}, copy = {0}, removal = {0};

        CHECK_INT(store_put(f->store, keys[i], "x", 1, NULL, NULL, &err), ==, ERR_INVALID);
        CHECK_HAS(err.text, "key");
        CHECK_INT(store_get(f->store, keys[i], &data, NULL, &get), ==, ERR_INVALID);
        CHECK_INT(store_copy(f->store, "fine", keys[i], NULL, &copy), ==, ERR_INVALID);
        CHECK_INT(store_remove(f->store, keys[i], NULL, &removal), ==, ERR_INVALID);
    }
}

CONTRACT(a_range_is_cut_at_the_end)
{
    static const struct {
        uint64_t offset, size;
        const char *part;
    } cases[] = {{0, 3, "012"},
                 {4, 3, "456"},
                 {8, 100, "89"},
                 {10, 5, ""},
                 {99, 5, ""},
                 {0, UINT64_MAX, "0123456789"},
                 {3, UINT64_MAX, "3456789"},
                 {2, 0, ""}};

    (void)put_text(f, "digits", "0123456789");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_VALUE(buf) data = {0};
        struct store_info info = {0};
        struct err err = {0};

        CHECK_OK(store_get_range(f->store, key_of(f, "digits"), cases[i].offset, cases[i].size,
                                 &data, &info, &err),
                 err);
        CHECK_STR(buf_text(&data), cases[i].part);
        CHECK_INT(info.size, ==, 10);
    }
}

CONTRACT(a_copy_is_an_object_of_its_own)
{
    struct store_info info, head;
    struct err err = {0};

    (void)put_text(f, "pool/p", "picture");
    (void)put_text(f, "garden/p", "older");
    for (int i = 0; i < 3; i++) { /* again is harmless */
        CHECK_OK(store_copy(f->store, key_of(f, "pool/p"), key_of(f, "garden/p"), &info, &err),
                 err);
        CHECK_INT(info.size, ==, 7);
        check_text(f, "garden/p", "picture");
    }
    CHECK_OK(store_head(f->store, key_of(f, "garden/p"), &head, &err), err);
    CHECK_STR(head.etag, info.etag);

    (void)put_text(f, "garden/p", "changed");
    check_text(f, "pool/p", "picture");
    (void)put_text(f, "pool/p", "redrawn");
    check_text(f, "garden/p", "changed");
    CHECK_OK(store_remove(f->store, key_of(f, "pool/p"), NULL, &err), err);
    check_text(f, "garden/p", "changed");
    CHECK_OK(store_copy(f->store, key_of(f, "garden/p"), key_of(f, "garden/p"), NULL, &err),
             err);
    check_text(f, "garden/p", "changed");
}

CONTRACT(removing_twice_is_fine)
{
    struct err err = {0};
    bool existed = false;

    (void)put_text(f, "a/b/c", "x");
    CHECK_OK(store_remove(f->store, key_of(f, "a/b/c"), &existed, &err), err);
    CHECK(existed);
    CHECK_OK(store_remove(f->store, key_of(f, "a/b/c"), &existed, &err), err);
    CHECK(!existed);
    CHECK_OK(store_remove(f->store, key_of(f, "never/was"), NULL, &err), err);
    (void)put_text(f, "a/b/c", "again");
    check_text(f, "a/b/c", "again");
    CHECK_OK(store_remove(f->store, key_of(f, "a/b"), &existed, &err), err);
    CHECK(!existed);
    check_text(f, "a/b/c", "again");
}

CONTRACT(a_store_that_works_answers_a_ping)
{
    struct err err = {0};

    CHECK_OK(store_ping(f->store, &err), err);
}

/* What a writer thread and the readers share. */
struct hammer {
    const struct fixture *f;
    atomic_bool done;
};

enum { FILL = 20000, ROUNDS = 40 };

static void *hammer_put(void *ctx)
{
    static _Atomic int writers;
    struct hammer *hammer = ctx;
    char key[64], bytes[FILL];
    int writer = atomic_fetch_add(&writers, 1);

    (void)snprintf(key, sizeof key, "%sone", hammer->f->prefix);
    for (int i = 0; i < ROUNDS; i++) {
        struct err err = {0};

        memset(bytes, 'A' + writer, sizeof bytes);
        CHECK_OK(
            store_put(hammer->f->store, key, bytes, sizeof bytes - (size_t)i, NULL, NULL, &err),
            err);
    }
    return NULL;
}

static void *hammer_get(void *ctx)
{
    struct hammer *hammer = ctx;
    char key[64];

    (void)snprintf(key, sizeof key, "%sone", hammer->f->prefix);
    while (!atomic_load(&hammer->done)) {
        OWNED_VALUE(buf) data = {0};
        struct store_info info;
        struct err err = {0};

        CHECK_OK(store_get(hammer->f->store, key, &data, &info, &err), err);
        CHECK_INT(info.size, ==, data.size);
        for (size_t i = 1; i < data.size; i++)
            if (data.data[i] != data.data[0])
                TEST_FAIL("byte %zu is %c, the first %c", i, data.data[i], data.data[0]);
    }
    return NULL;
}

CONTRACT(many_threads_at_one_key_see_whole_objects)
{
    struct hammer hammer = {.f = f};
    pthread_t writers[3], readers[2];

    (void)put_text(f, "one", "AAAA");
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&readers[i], NULL, hammer_get, &hammer), ==, 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_create(&writers[i], NULL, hammer_put, &hammer), ==, 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_join(writers[i], NULL), ==, 0);
    atomic_store(&hammer.done, true);
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_join(readers[i], NULL), ==, 0);
}

/* Puts objects for ever, and tells of each that was acknowledged. */
static _Noreturn void put_until_killed(const struct fixture *f, int tell, int round)
{
    static char bytes[100000];
    const struct store_conf conf = {.url = *f->dir ? "fs" : getenv("TEST_S3"), .dir = f->dir};
    struct err err = {0};
    struct store *store = store_open(&conf, &err);

    for (int i = 0; store; i++) {
        char name[64];

        memset(bytes, 'a' + i % 26, sizeof bytes);
        (void)snprintf(name, sizeof name, "%skill/%d/%d", f->prefix, round, i % 3);
        if (store_put(store, name, bytes, sizeof bytes, NULL, NULL, &err) < 0 ||
            write(tell, &i, sizeof i) < 0)
            break;
    }
    _exit(1);
}

static int check_whole(void *ctx, const char *key, const struct store_info *info,
                       struct err *err)
{
    const struct fixture *f = ctx;
    OWNED_VALUE(buf) data = {0};

    CHECK_INT(info->size, ==, 100000);
    CHECK_OK(store_get(f->store, key, &data, NULL, err), *err);
    CHECK_INT(data.size, ==, 100000);
    for (size_t i = 1; i < data.size; i++)
        CHECK(data.data[i] == data.data[0]);
    return 0;
}

CONTRACT(kill_9_leaves_whole_objects_only)
{
    for (int round = 0; round < 8; round++) {
        int pipes[2], last = -1;
        struct err err = {0};
        pid_t child;

        CHECK_INT(pipe(pipes), ==, 0);
        child = fork();
        if (child == 0)
            put_until_killed(f, pipes[1], round);
        (void)close(pipes[1]);
        for (int i = 0; i < 2 + round; i++)
            CHECK_INT(read(pipes[0], &last, sizeof last), ==, sizeof last);
        (void)usleep((useconds_t)(round * 137)); /* some way into the next put */
        CHECK_INT(kill(child, SIGKILL), ==, 0);
        CHECK_INT(waitpid(child, NULL, 0), ==, child);
        (void)close(pipes[0]);
        CHECK_OK(store_list(f->store, f->prefix, NULL, 0, check_whole, f, &err), err);
        char name[64];
        (void)snprintf(name, sizeof name, "kill/%d/%d", round, last % 3);
        CHECK_OK(store_head(f->store, key_of(f, name), NULL, &err), err); /* acknowledged */
    }
}

/* The store of TEST_S3 with another bucket or other keys. */
static struct store *open_wrong(const char *bucket, const char *access_key,
                                const char *secret_key)
{
    const char *url = getenv("TEST_S3"), *query;
    char other[512];
    const struct store_conf conf = {
        .url = other, .access_key = access_key, .secret_key = secret_key};
    struct err err = {0};
    struct store *store;

    if (!url || !*url)
        SKIP("TEST_S3 is not set");
    query = strchr(url, '?');
    CHECK(query != NULL);
    if (bucket)
        (void)snprintf(other, sizeof other, "s3://%s%s", bucket, query);
    else
        (void)snprintf(other, sizeof other, "%s", url);
    store = store_open(&conf, &err);
    if (!store)
        TEST_FAIL("open: %s", err.text);
    return store;
}

TEST(a_wrong_secret_or_access_key_is_denied_s3)
{
    OWNED(store) secret = open_wrong(NULL, getenv("AWS_ACCESS_KEY_ID"), "wrong");
    OWNED(store) access = open_wrong(NULL, "nobody", "wrong");
    OWNED_VALUE(buf) data = {0};
    struct err put = {0}, get = {0}, head = {0};

    CHECK_INT(store_put(secret, "a", "x", 1, NULL, NULL, &put), ==, ERR_DENIED);
    CHECK_HAS(put.text, "check AWS_SECRET_ACCESS_KEY");
    CHECK_INT(store_get(access, "a", &data, NULL, &get), ==, ERR_DENIED);
    CHECK_HAS(get.text, "check AWS_ACCESS_KEY_ID");
    CHECK_INT(store_head(secret, "a", NULL, &head), ==, ERR_DENIED);
}

TEST(a_missing_bucket_is_named_s3)
{
    OWNED(store) store = open_wrong("no-such-bucket", NULL, NULL);
    struct err put = {0}, ping = {0};

    CHECK_INT(store_put(store, "a", "x", 1, NULL, NULL, &put), ==, ERR_INVALID);
    CHECK_HAS(put.text, "bucket no-such-bucket does not exist");
    CHECK_INT(store_ping(store, &ping), ==, ERR_INVALID);
    CHECK_HAS(ping.text, "create it");
}
