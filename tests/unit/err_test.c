/* A failure is told once, in the words of who saw it first. */
#include "lib/base/err.h"

#include <errno.h>

#include "tests/test.h"

TEST(the_first_reason_wins)
{
    struct err err = {0};

    CHECK_INT(err_set(&err, ERR_IO, "disk full"), ==, ERR_IO);
    CHECK_INT(err_set(&err, ERR_NOMEM, "also no memory"), ==, ERR_NOMEM);
    CHECK_STR(err.text, "disk full");
    CHECK_INT(err.code, ==, ERR_IO);
}

TEST(context_reads_from_the_outside_in)
{
    struct err err = {0};

    err_set(&err, ERR_REMOTE, "refused");
    CHECK_INT(err_wrap(&err, "connect to %s", "kafka:9092"), ==, ERR_REMOTE);
    CHECK_STR(err.text, "connect to kafka:9092: refused");
}

TEST(a_long_reason_is_cut_not_overrun)
{
    struct err err = {0};

    err_set(&err, ERR_INVALID, "%0600d", 7);
    CHECK_INT(strlen(err.text), ==, sizeof err.text - 1);
    err_wrap(&err, "%0600d", 8);
    CHECK_INT(strlen(err.text), ==, sizeof err.text - 1);
}

TEST(errno_decides_the_code)
{
    struct err err = {0};

    errno = ENOENT;
    CHECK_INT(err_set_errno(&err, "open %s", "x"), ==, ERR_NOT_FOUND);
    CHECK_STR(err.text, "open x: No such file or directory");
    err_clear(&err);
    errno = ENOSPC;
    CHECK_INT(err_set_errno(&err, "write"), ==, ERR_IO);
}

TEST(each_code_has_a_name)
{
    CHECK_STR(err_code_name(0), "ok");
    CHECK_STR(err_code_name(ERR_UNAVAILABLE), "unavailable");
    CHECK_STR(err_code_name(ERR_DENIED), "denied");
    CHECK_STR(err_code_name(-99), "unknown");
}
