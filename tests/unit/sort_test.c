/* Sorting more than memory holds: the same records, in the order of their bytes. */
#include "lib/sort/sort.h"

#include "lib/base/spool.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { MEMORY = 2 << 20 };

static int files_in(const char *dir)
{
    char command[300];
    const char *argv[] = {"sh", "-c", command, NULL};
    OWNED_VALUE(buf) out = {0};

    (void)snprintf(command, sizeof command, "ls -A %s | wc -l", dir);
    CHECK_INT(process_run(argv, NULL, &out, 10000), ==, 0);
    return (int)strtol(buf_text(&out), NULL, 10);
}

static struct sorter *new_sorter(const char *dir)
{
    const struct sorter_conf conf = {.dir = dir, .memory_bytes = MEMORY};
    struct err err = {0};
    struct sorter *sorter = sorter_new(&conf, &err);

    CHECK_OK(err.code, err);
    return sorter;
}

/* Pseudo-random, the same each time. */
static uint32_t roll(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* Adds records "<random> <i>", of random length, and checks what comes back. */
static void check_sorted(int count, int distinct, size_t longest)
{
    const char *dir = folder_new();
    OWNED(sorter) sorter = new_sorter(dir);
    static char record[SORT_RECORD_MAX + 64], last[SORT_RECORD_MAX + 64];
    uint32_t state = 7, sum = 0, back = 0;
    struct err err = {0};
    const void *next;
    size_t size, last_size = 0;
    int seen = 0, r;

    for (int i = 0; i < count; i++) {
        int n = snprintf(record, 64, "%u.", roll(&state) % (uint32_t)distinct);
        size_t length = (size_t)n + roll(&state) % longest;

        memset(record + n, 'a' + i % 3, length - (size_t)n);
        sum += (uint32_t)length * (unsigned char)record[length - 1];
        CHECK_OK(sorter_add(sorter, record, length, &err), err);
    }
    while ((r = sorter_next(sorter, &next, &size, &err)) > 0) {
        size_t both = size < last_size ? size : last_size;
        int order = memcmp(last, next, both);

        CHECK(order < 0 || (order == 0 && last_size <= size));
        memcpy(last, next, size);
        last_size = size;
        back += (uint32_t)size * ((const unsigned char *)next)[size - 1];
        seen++;
    }
    CHECK_OK(r, err);
    CHECK_INT(seen, ==, count);
    CHECK_INT(back, ==, sum);
    CHECK_INT(sorter_count(sorter), ==, count);
    CHECK_INT(sorter_next(sorter, &next, &size, &err), ==, 0);
    CHECK_INT(files_in(dir), ==, 0);
}

TEST(what_memory_holds_is_sorted)
{
    check_sorted(0, 1, 10);
    check_sorted(1, 1, 10);
    check_sorted(1000, 1000000, 20);
    check_sorted(1000, 3, 20);
}

TEST(what_memory_does_not_hold_is_sorted)
{
    check_sorted(200000, 1000000, 60);
    check_sorted(100000, 5, 60); /* many are equal in their first eight bytes */
    check_sorted(300, 100, 200000);
}

TEST(more_runs_than_are_merged_at_once)
{
    check_sorted(1100, 100000, 1000000);
}

TEST(a_record_that_is_too_large_is_refused)
{
    OWNED(sorter) sorter = new_sorter(folder_new());
    static char record[SORT_RECORD_MAX + 1];
    struct err err = {0};

    CHECK_OK(sorter_add(sorter, record, SORT_RECORD_MAX, &err), err);
    CHECK_INT(sorter_add(sorter, record, SORT_RECORD_MAX + 1, &err), ==, ERR_TOO_LARGE);
}

TEST(a_folder_that_cannot_be_written_is_told)
{
    OWNED(sorter) sorter = new_sorter("/proc/nowhere");
    char record[1000] = "";
    struct err err = {0};

    while (sorter_add(sorter, record, sizeof record, &err) == 0)
        ;
    CHECK_HAS(err.text, "/proc/nowhere");
}

TEST(what_a_crash_left_is_removed)
{
    const char *dir = folder_new();
    struct err err = {0};
    int fd = spool_open(dir, &err);
    char back[4];

    CHECK_OK(fd, err);
    CHECK_INT(files_in(dir), ==, 0);
    CHECK_OK(spool_write(fd, 10, "abc", 4, &err), err);
    CHECK_OK(spool_read(fd, 10, back, 4, &err), err);
    CHECK_STR(back, "abc");
    CHECK_INT(spool_read(fd, 12, back, 4, &err), ==, ERR_IO);
    (void)close(fd);
    folder_put(dir, "spool.abcdef", "", 0);
    folder_put(dir, "mine", "", 0);
    spool_clean(dir);
    CHECK_INT(files_in(dir), ==, 1);
    spool_clean("/proc/nowhere");
}
