/* secret_test.c - memory that nobody keeps: what the kernel says of its pages. */
#include "lib/base/secret.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

enum { BYTES = 100000 };

/* The line VmFlags of the mapping that memory starts: "VmFlags: rd wr mr mw me lo ac ...". */
static void read_flags(const void *memory, char *flags, size_t size)
{
    char line[512], start[32];
    FILE *file = fopen("/proc/self/smaps", "re");
    int found = 0;

    CHECK(file);
    (void)snprintf(start, sizeof start, "%jx-", (uintmax_t)(uintptr_t)memory);
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, start, strlen(start)) == 0)
            found = 1;
        if (found && strncmp(line, "VmFlags:", 8) == 0) {
            (void)snprintf(flags, size, "%s", line);
            (void)fclose(file);
            return;
        }
    }
    TEST_FAIL("no mapping starts at %p", memory);
}

TEST(starts_zeroed_and_can_be_written_to_its_last_byte)
{
    char *memory = secret_alloc(BYTES, NULL);

    CHECK(memory);
    for (size_t i = 0; i < BYTES; i++)
        CHECK(memory[i] == 0);
    memset(memory, 1, BYTES);
    secret_free(memory, BYTES);
}

TEST(is_locked_and_left_out_of_dumps_and_of_children)
{
    bool locked = false;
    char *memory = secret_alloc(BYTES, &locked);
    char flags[512];

    CHECK(memory);
    read_flags(memory, flags, sizeof flags);
    CHECK_HAS(flags, " dd"); /* not dumped */
    CHECK_HAS(flags, " wf"); /* wiped on fork */
    CHECK(locked == (strstr(flags, " lo") != NULL));
    CHECK_INT(secret_misses(), ==, !locked);
    secret_free(memory, BYTES);
}

TEST(a_child_sees_zeros)
{
    char *memory = secret_alloc(BYTES, NULL);
    int status;
    pid_t child;

    CHECK(memory);
    memset(memory, 7, BYTES);
    child = fork();
    if (child == 0)
        _exit(memory[0] == 0 && memory[BYTES - 1] == 0 ? 0 : 1);
    CHECK_INT(waitpid(child, &status, 0), ==, child);
    CHECK_INT(status, ==, 0);
    CHECK_INT(memory[BYTES - 1], ==, 7);
    secret_free(memory, BYTES);
}

/* Root may lock what it likes, so this becomes somebody else first. */
TEST(works_where_the_limit_does_not_allow_to_lock)
{
    struct rlimit none = {0};
    bool locked = true;
    char *memory;

    CHECK_INT(setrlimit(RLIMIT_MEMLOCK, &none), ==, 0);
    if (geteuid() == 0)
        CHECK_INT(setresuid(65534, 65534, 65534), ==, 0);
    memory = secret_alloc(BYTES, &locked);
    CHECK(memory);
    CHECK(!locked);
    CHECK_INT(secret_misses(), ==, 1);
    memset(memory, 1, BYTES);
    secret_free(memory, BYTES);
}

/* The address range is gone after, so a second piece would show what the first left. */
TEST(giving_back_unmaps_whole_pages)
{
    char *memory = secret_alloc(1, NULL);

    CHECK(memory);
    memory[sysconf(_SC_PAGESIZE) - 1] = 1;
    secret_free(memory, 1);
    CHECK_INT(msync(memory, 1, MS_ASYNC), ==, -1); /* nothing is mapped there */
    secret_free(NULL, 1);
}

TEST(too_much_is_no_memory)
{
    CHECK(!secret_alloc(SIZE_MAX, NULL));
    CHECK(!secret_alloc(PTRDIFF_MAX, NULL));
}

TEST(wipes)
{
    char bytes[64];

    memset(bytes, 9, sizeof bytes);
    secret_wipe(bytes + 1, sizeof bytes - 2);
    CHECK_INT(bytes[0], ==, 9);
    for (size_t i = 1; i < sizeof bytes - 1; i++)
        CHECK_INT(bytes[i], ==, 0);
    CHECK_INT(bytes[sizeof bytes - 1], ==, 9);
    secret_wipe(NULL, 0);
}

TEST(the_process_leaves_no_core_and_cannot_be_traced)
{
    struct rlimit limit;

    secret_process();
    CHECK_INT(getrlimit(RLIMIT_CORE, &limit), ==, 0);
    CHECK_INT(limit.rlim_cur, ==, 0);
    CHECK_INT(limit.rlim_max, ==, 0);
    CHECK_INT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), ==, 0);
}
