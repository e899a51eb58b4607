/* golden.h - the samples of tests/golden, for the tests that read them. Included after test.h
 * by programs that run in the root of the tree. */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include <glob.h>

#include "lib/base/buf.h"
#include "tests/support/process.h"

/* Calls fn for every sample that matches; fails where there are fewer than least. */
static inline void golden_each(const char *pattern, size_t least,
                               void (*fn)(const char *path, const struct buf *text))
{
    glob_t found;

    if (glob(pattern, 0, NULL, &found) != 0 || found.gl_pathc < least)
        TEST_FAIL("%s: fewer than %zu samples", pattern, least);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        OWNED_VALUE(buf) text = {0};

        file_load(found.gl_pathv[i], &text);
        fn(found.gl_pathv[i], &text);
    }
    globfree(&found);
}

#endif
