/* fs_temp.c - see fs_temp.h. */
#include "lib/store/fs_temp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/crypto/crypto.h"
#include "lib/store/fs_path.h"
#include "lib/store/store_internal.h"

enum { FILE_MODE = 0644, FOLDER_MODE = 0755 };

static const char folder_name[] = STORE_TEMP_PREFIX "put";

int fs_temp_begin(struct fs_temp *temp, int root)
{
    uint8_t random[sizeof temp->name / 2];

    random_bytes(random, sizeof random);
    text_hex(random, sizeof random, temp->name);
    temp->fd = 0;
    temp->folder = fs_open_folder(root, folder_name);
    if (temp->folder < 0 && errno == ENOENT) {
        if (mkdirat(root, folder_name, FOLDER_MODE) == 0 || errno == EEXIST)
            temp->folder = fs_open_folder(root, folder_name);
    }
    return temp->folder < 0 ? -1 : 0;
}

int fs_temp_create(struct fs_temp *temp)
{
    temp->fd =
        openat(temp->folder, temp->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    return temp->fd < 0 ? -1 : 0;
}

int fs_temp_adopt(struct fs_temp *temp, int fd)
{
    char path[32];

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, path, temp->folder, temp->name, AT_SYMLINK_FOLLOW) < 0)
        return -1;
    temp->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return temp->fd < 0 ? -1 : fchmod(temp->fd, FILE_MODE);
}

void fs_temp_done(struct fs_temp *temp)
{
    int number = errno;

    if (temp->folder <= 0)
        return;
    (void)unlinkat(temp->folder, temp->name, 0);
    (void)close(temp->folder);
    if (temp->fd > 0)
        (void)close(temp->fd);
    temp->folder = 0;
    errno = number;
}

void fs_temp_clean(int root, int older_than_s)
{
    const int64_t now = clock_wall_ms() / 1000;
    const struct dirent *entry;
    int fd = fs_open_folder(root, folder_name);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct stat st;

    if (!dir) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        /* The time of the last change of any kind: a linked file has the old one of its
         * bytes. */
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            !S_ISDIR(st.st_mode) && st.st_ctim.tv_sec < now - older_than_s)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    (void)closedir(dir);
}
