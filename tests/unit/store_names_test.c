/* The passes over a folder's names. */
#include "lib/store/fs_names.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/contract/store_fixture.h"

static bool is_even(void *ctx, const char *name)
{
    (void)ctx;
    return (name[3] - '0') % 2 == 0;
}

TEST(passes_give_each_wanted_name_once_and_in_order)
{
    enum { COUNT = 1000 };
    OWNED_VALUE(fs_names) names = {.most = 7};
    char dir[256], path[300], floor[FS_NAME] = "";
    int seen = 0, passes = 0;

    make_test_dir(dir, sizeof dir);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(path, sizeof path, "%s/%04d", dir, (i * 37) % COUNT);
        if (i % 3 == 0)
            CHECK_INT(mkdir(path, 0755), ==, 0);
        else
            CHECK_INT(close(creat(path, 0644)), ==, 0);
    }
    DIR *d = opendir(dir);
    CHECK(d != NULL);
    do {
        CHECK_INT(fs_names_read(&names, d, floor, is_even, NULL), ==, 0);
        CHECK_INT(fs_names_count(&names), <=, 7);
        for (size_t i = 0; i < fs_names_count(&names); i++) {
            char expected[16];

            (void)snprintf(floor, sizeof floor, "%s", fs_names_at(&names, i));
            (void)snprintf(expected, sizeof expected, "%04d", 2 * seen++);
            CHECK_INT(strncmp(floor, expected, 4), ==, 0);
        }
        passes++;
    } while (names.more);
    CHECK_INT(seen, ==, COUNT / 2);
    CHECK_INT(passes, >, 10);
    (void)closedir(d);
    remove_test_dir(dir);
}
