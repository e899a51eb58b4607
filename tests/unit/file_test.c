/* Whole files: read in one step, replaced in one step. */
#include "lib/base/file.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/process.h"
#include "tests/test.h"

static const char *in_folder(const char *folder, const char *name)
{
    static char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int count_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int count = 0;

    CHECK(dir);
    while ((entry = readdir(dir)))
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

static void check_file(const char *path, const char *text, mode_t mode)
{
    OWNED_VALUE(buf) read = {0};
    struct err err = {0};
    struct stat info;

    CHECK_OK(file_read(path, 100, &read, &err), err);
    CHECK_STR(buf_text(&read), text);
    CHECK(stat(path, &info) == 0);
    CHECK_INT(info.st_mode & 0777, ==, mode);
}

TEST(a_file_is_replaced_and_nothing_is_left_beside_it)
{
    const char *folder = folder_new(), *path = in_folder(folder, "a.txt");
    struct err err = {0};

    (void)umask(022);
    CHECK_OK(file_write(path, "first", 5, &err), err);
    check_file(path, "first", 0644);
    CHECK_OK(file_write(path, "", 0, &err), err);
    check_file(path, "", 0644);
    CHECK_OK(file_write_secret(path, "second", 6, &err), err);
    check_file(path, "second", 0600);
    CHECK_INT(count_entries(folder), ==, 1);
}

TEST(what_cannot_be_written_leaves_nothing)
{
    const char *folder = folder_new(), *path = in_folder(folder, "taken");
    struct err err = {0};

    CHECK(mkdir(path, 0700) == 0);
    CHECK_INT(file_write(path, "text", 4, &err), <, 0);
    CHECK_HAS(err.text, path);
    err_clear(&err);
    CHECK_INT(file_write_secret(path, "text", 4, &err), <, 0);
    CHECK_INT(count_entries(folder), ==, 1);
    err_clear(&err);
    CHECK_INT(file_write(in_folder(folder, "none/a"), "text", 4, &err), ==, ERR_NOT_FOUND);
}

/* Whoever opened the file before goes on reading what it was. */
TEST(a_reader_never_sees_a_part)
{
    const char *path = in_folder(folder_new(), "a.txt");
    struct err err = {0};
    char text[8] = "";
    FILE *reader;

    CHECK_OK(file_write(path, "before", 6, &err), err);
    reader = fopen(path, "re");
    CHECK(reader);
    CHECK_OK(file_write(path, "after", 5, &err), err);
    CHECK_INT(fread(text, 1, sizeof text - 1, reader), ==, 6);
    CHECK_STR(text, "before");
    (void)fclose(reader);
}

TEST(what_cannot_be_read_is_told)
{
    const char *folder = folder_new(), *path;
    OWNED_VALUE(buf) read = {0};
    struct err err = {0};

    CHECK_INT(file_read(in_folder(folder, "none"), 10, &read, &err), ==, ERR_NOT_FOUND);
    CHECK_HAS(err.text, "none");
    err_clear(&err);
    CHECK_INT(file_read(folder, 10, &read, &err), ==, ERR_INVALID);
    err_clear(&err);
    path = in_folder(folder, "a.txt");
    CHECK_OK(file_write(path, "0123456789", 10, &err), err);
    CHECK_INT(file_read(path, 9, &read, &err), ==, ERR_TOO_LARGE);
    err_clear(&err);
    buf_clear(&read);
    CHECK_OK(file_read(path, 10, &read, &err), err);
    CHECK_OK(file_read(path, 10, &read, &err), err);
    CHECK_STR(buf_text(&read), "01234567890123456789");
}

TEST(folders_are_made_on_the_way)
{
    const char *path = in_folder(folder_new(), "a/b/c.txt");
    struct err err = {0};

    CHECK_OK(file_make_folders(path, &err), err);
    CHECK_OK(file_make_folders(path, &err), err);
    CHECK_OK(file_write(path, "text", 4, &err), err);
    check_file(path, "text", 0644);
}
