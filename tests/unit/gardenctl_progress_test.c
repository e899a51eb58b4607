/* What a progress bar says, and how services' logs are kept. */
#include "gardenctl/progress.h"

#include <sys/stat.h>

#include "gardenctl/up_data.h"
#include "gardenctl/up_log.h"
#include "tests/support/process.h"
#include "tests/test.h"

TEST(a_bar_has_rate_and_time_left)
{
    struct progress progress = {
        .doing = "importing", .unit = "pictures", .total = 400, .done = 100, .start_ms = 1000};
    char line[200];

    (void)progress_format(&progress, 11000, line, sizeof line);
    CHECK_STR(
        line,
        "importing [#######.......................] 100 of 400 pictures, 10/s, 30 s left");
    progress.total = 0;
    (void)progress_format(&progress, 51000, line, sizeof line);
    CHECK_STR(line, "importing 100 pictures, 2.0/s");
    progress.done = 0;
    progress.total = 5;
    (void)progress_format(&progress, 1000, line, sizeof line);
    CHECK_HAS(line, "0 of 5 pictures");
}

TEST(times_are_readable)
{
    char text[32];

    progress_format_time(1540, text);
    CHECK_STR(text, "1.5 s");
    progress_format_time(59400, text);
    CHECK_STR(text, "59 s");
    progress_format_time(125000, text);
    CHECK_STR(text, "2 min 05 s");
    progress_format_time(3 * 3600000 + 600000, text);
    CHECK_STR(text, "3 h 10 min");
}

static long size_of(const char *dir, const char *name)
{
    char path[500];
    struct stat info;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return stat(path, &info) == 0 ? (long)info.st_size : -1;
}

TEST(logs_are_turned_over_and_their_last_reason_is_kept)
{
    const char *dir = folder_new();
    static char line[60000];
    struct up_log log;
    struct err err = {0};

    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    CHECK(freopen("/dev/null", "w", stdout) != NULL);
    CHECK_OK(up_log_open(&log, dir, "gateway", false, &err), err);
    for (int i = 0; i < 600; i++)
        up_log_take(&log, line, sizeof line);
    up_log_take(&log, "{\"level\":\"error\",\"mess", 22);
    up_log_take(&log, "age\":\"the disk is full\"}\n{\"level\":\"info\",\"message\":\"x\"}\n",
                56);
    if (strcmp(log.reason, "the disk is full") != 0)
        exit(1);
    up_log_done(&log);
    if (size_of(dir, "gateway.log.1") < 8 << 20 || size_of(dir, "gateway.log.3") < 8 << 20 ||
        size_of(dir, "gateway.log.4") >= 0 || size_of(dir, "gateway.log") > 8 << 20)
        exit(1);
}

TEST(a_data_folder_is_private_and_has_one_garden)
{
    const char *dir = folder_new();
    char path[500];
    struct stat info;
    struct err err = {0};
    int lock, again;

    (void)snprintf(path, sizeof path, "%s/a/b", dir);
    CHECK_OK(up_data_make(path, &err), err);
    CHECK_OK(up_data_make(path, &err), err);
    CHECK_INT(stat(path, &info), ==, 0);
    CHECK_INT(info.st_mode & 0777, ==, 0700);
    lock = up_data_lock(path, &err);
    CHECK_OK(lock, err);
    CHECK_INT(up_data_lock(path, &err), ==, ERR_CONFLICT);
    (void)snprintf(path, sizeof path, "process %ld)", (long)getpid());
    CHECK_HAS(err.text, path);
    (void)close(lock);
    err_clear(&err);
    (void)snprintf(path, sizeof path, "%s/a/b", dir);
    again = up_data_lock(path, &err);
    CHECK_OK(again, err);
    (void)close(again);
}
