/* What store.h promises of store_put_file, of both backends. */
#include "tests/contract/store_fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/spool.h"
#include "tests/support/process.h"

enum { PART = 1 << 20, LARGE_PARTS = 48, GROWTH_KIB = 16 << 10, SWITCHES = 30 };

/* A file of so many parts, each full of its own letter. */
static int file_of(char letter, int parts)
{
    static char part[PART];
    struct err err = {0};
    int fd = spool_open(folder_new(), &err);

    CHECK_OK(fd, err);
    for (int i = 0; i < parts; i++) {
        memset(part, letter + i % 20, sizeof part);
        CHECK_OK(spool_write(fd, (uint64_t)i * PART, part, sizeof part, &err), err);
    }
    return fd;
}

static void check_parts(const struct fixture *f, const char *name, char letter, int parts)
{
    struct err err = {0};

    for (int i = 0; i < parts; i++) {
        OWNED_VALUE(buf) data = {0};

        CHECK_OK(store_get_range(f->store, key_of(f, name), (uint64_t)i * PART, PART, &data,
                                 NULL, &err),
                 err);
        CHECK_INT(data.size, ==, PART);
        for (size_t j = 0; j < PART; j++)
            if (data.data[j] != (char)(letter + i % 20))
                TEST_FAIL("byte %zu of part %d is wrong", j, i);
    }
}

CONTRACT(a_file_becomes_an_object)
{
    struct store_info put = {0}, info = {0};
    struct err err = {0};
    int fd = file_of('a', 3);

    CHECK_INT(lseek(fd, 7, SEEK_SET), ==, 7);
    CHECK_OK(store_put_file(f->store, key_of(f, "d/x.csv"), fd, NULL, &put, &err), err);
    CHECK_INT(lseek(fd, 0, SEEK_CUR), ==, 7);
    CHECK_INT(put.size, ==, 3 * PART);
    check_parts(f, "d/x.csv", 'a', 3);
    CHECK_OK(store_head(f->store, key_of(f, "d/x.csv"), &info, &err), err);
    CHECK_STR(info.etag, put.etag);
    (void)close(fd);
    fd = file_of('a', 0);
    CHECK_OK(store_put_file(f->store, key_of(f, "d/x.csv"), fd, NULL, &put, &err), err);
    CHECK_INT(put.size, ==, 0);
    check_text(f, "d/x.csv", "");
    (void)close(fd);
}

CONTRACT(a_known_hash_spares_reading_twice)
{
    char hex[SHA256_HEX];
    struct store_meta meta = {.content_type = "text/csv", .sha256 = hex};
    struct err err = {0};
    int fd = file_of('a', 0);

    CHECK_OK(spool_write(fd, 0, "a,b\n", 4, &err), err);
    sha256_hex("a,b\n", 4, hex);
    CHECK_OK(store_put_file(f->store, key_of(f, "x"), fd, &meta, NULL, &err), err);
    check_text(f, "x", "a,b\n");
    (void)close(fd);
}

CONTRACT(a_large_file_takes_no_memory)
{
    struct err err = {0};
    int fd = file_of('a', LARGE_PARTS);
    long before;

    put_text(f, "x", "first"); /* what a connection needs is there */
    before = process_resident_kib(getpid(), true);
    CHECK_OK(store_put_file(f->store, key_of(f, "x"), fd, NULL, NULL, &err), err);
    CHECK_INT(process_resident_kib(getpid(), true), <=, before + GROWTH_KIB);
    check_parts(f, "x", 'a', LARGE_PARTS);
    (void)close(fd);
}

/* A file without a name may become the first object; the next one has bytes of its own, and so
 * has that of a file that has a name. */
CONTRACT(objects_of_one_file_are_apart)
{
    char path[PATH_MAX];
    struct err err = {0};
    int fd = file_of('a', 2), named;

    CHECK_OK(store_put_file(f->store, key_of(f, "one"), fd, NULL, NULL, &err), err);
    CHECK_OK(store_put_file(f->store, key_of(f, "two"), fd, NULL, NULL, &err), err);
    put_text(f, "one", "new");
    check_parts(f, "two", 'a', 2);
    check_text(f, "one", "new");
    (void)snprintf(path, sizeof path, "%s/named", folder_new());
    named = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK_OK(spool_write(named, 0, "before", 6, &err), err);
    CHECK_OK(store_put_file(f->store, key_of(f, "three"), named, NULL, NULL, &err), err);
    CHECK_OK(spool_write(named, 0, "after!", 6, &err), err);
    check_text(f, "three", "before");
    (void)close(named);
    (void)close(fd);
}

struct reading {
    const struct fixture *f;
    const char *key;
    atomic_bool stop;
    int reads;
};

static void *read_on(void *ctx)
{
    struct reading *reading = ctx;

    while (!atomic_load(&reading->stop)) {
        OWNED_VALUE(buf) data = {0};
        struct err err = {0};

        CHECK_OK(store_get(reading->f->store, reading->key, &data, NULL, &err), err);
        CHECK(data.size == PART || data.size == 2 * (size_t)PART);
        CHECK(data.data[0] == (data.size == PART ? 'a' : 'k'));
        reading->reads++;
    }
    return NULL;
}

CONTRACT(a_reader_sees_the_old_file_or_the_new)
{
    struct reading reading = {.f = f, .key = key_of(f, "x")};
    int small = file_of('a', 1), large = file_of('k', 2);
    struct err err = {0};
    pthread_t thread;

    CHECK_OK(store_put_file(f->store, reading.key, small, NULL, NULL, &err), err);
    CHECK_INT(pthread_create(&thread, NULL, read_on, &reading), ==, 0);
    for (int i = 0; i < SWITCHES; i++)
        CHECK_OK(store_put_file(f->store, reading.key, i % 2 ? small : large, NULL, NULL, &err),
                 err);
    atomic_store(&reading.stop, true);
    CHECK_INT(pthread_join(thread, NULL), ==, 0);
    CHECK_INT(reading.reads, >, 0);
}

CONTRACT(what_is_no_file_is_refused)
{
    struct err err = {0};
    int ends[2];

    CHECK_INT(pipe(ends), ==, 0);
    CHECK_INT(store_put_file(f->store, key_of(f, "x"), ends[0], NULL, NULL, &err), ==,
              ERR_INVALID);
    err_clear(&err);
    CHECK_INT(store_put_file(f->store, key_of(f, "a/../b"), ends[0], NULL, NULL, &err), ==,
              ERR_INVALID);
    err_clear(&err);
    CHECK_INT(store_put_file(f->store, key_of(f, "x"), -1, NULL, NULL, &err), <, 0);
}
