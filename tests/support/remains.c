/* remains.c - see remains.h. */
#include "tests/support/remains.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/owned.h"
#include "lib/crypto/crypto.h"
#include "tests/support/process.h"

enum { CHUNK = 1 << 20 };

struct marker marker_new(void)
{
    struct marker marker;

    random_bytes(marker.bytes, sizeof marker.bytes);
    return marker;
}

size_t marker_count(const struct marker *marker, const void *bytes, size_t size)
{
    const char *at = bytes, *end = at + size;
    size_t count = 0;

    while (at < end && (at = memmem(at, (size_t)(end - at), marker->bytes, MARKER_SIZE))) {
        count++;
        at += MARKER_SIZE;
    }
    return count;
}

/* From offset from to to; stops where nothing can be read any more. */
static size_t count_in_file(int fd, uint64_t from, uint64_t to, const struct marker *marker)
{
    OWNED_STRING chunk = malloc(CHUNK);
    size_t count = 0, kept = 0;

    while (chunk && from < to) {
        size_t room = CHUNK - kept, wanted = to - from < room ? (size_t)(to - from) : room;
        ssize_t got = pread(fd, chunk + kept, wanted, (off_t)from);
        size_t had;

        if (got <= 0)
            break;
        had = kept + (size_t)got;
        count += marker_count(marker, chunk, had);
        kept = had < MARKER_SIZE - 1 ? had : MARKER_SIZE - 1;
        memmove(chunk, chunk + had - kept, kept);
        from += (uint64_t)got;
    }
    return count;
}

static bool read_mapping(const char *line, uint64_t *ret_from, uint64_t *ret_to)
{
    char *end;

    *ret_from = strtoull(line, &end, 16);
    *ret_to = strtoull(end + 1, &end, 16);
    return end[0] == ' ' && end[1] == 'r' && !strstr(line, "[vvar") &&
           !strstr(line, "[vsyscall]");
}

static const char *name_of(pid_t pid, char name[32])
{
    char path[64];
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    file = fopen(path, "re");
    if (!file || !fgets(name, 32, file))
        (void)snprintf(name, 32, "?");
    if (file)
        (void)fclose(file);
    name[strcspn(name, "\n")] = '\0';
    return name;
}

long marker_in_process(pid_t pid, const struct marker *marker, bool say)
{
    char path[64], line[512], name[32];
    long count = 0;
    FILE *maps;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    maps = fd < 0 ? NULL : fopen(path, "re");
    if (!maps) {
        bool ended = errno == ENOENT || errno == ESRCH;

        if (fd >= 0)
            (void)close(fd);
        return ended ? 0 : -1;
    }
    while (fgets(line, sizeof line, maps)) {
        uint64_t from, to;
        size_t here = read_mapping(line, &from, &to) ? count_in_file(fd, from, to, marker) : 0;

        if (here > 0 && say)
            printf("# %s (%d): %zu in %s", name_of(pid, name), (int)pid, here, line);
        count += (long)here;
    }
    (void)fclose(maps);
    (void)close(fd);
    return count;
}

/* nftw(3) passes nothing on to what it calls. */
static _Thread_local const struct marker *wanted;
static _Thread_local long found;

static int look_at_file(const char *path, const struct stat *status, int type,
                        struct FTW *where)
{
    size_t here;
    int fd;

    (void)where;
    if (type != FTW_F || !S_ISREG(status->st_mode))
        return 0;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0; /* it was removed meanwhile */
    here = count_in_file(fd, 0, UINT64_MAX, wanted);
    (void)close(fd);
    if (here > 0)
        printf("# %zu in %s\n", here, path);
    found += (long)here;
    return 0;
}

long marker_in_folder(const char *folder, const struct marker *marker)
{
    wanted = marker;
    found = 0;
    if (nftw(folder, look_at_file, 16, FTW_PHYS) < 0)
        test_fail("looking below %s: %s", folder, strerror(errno));
    return found;
}
