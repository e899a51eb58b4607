/* remains.h - whether bytes that should be gone are still somewhere: in the memory of a
 * process, or in the files below a folder. */
#ifndef TESTS_SUPPORT_REMAINS_H
#define TESTS_SUPPORT_REMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What is looked for: made at random, so that nothing else can be taken for it. */
enum { MARKER_SIZE = 16 };
struct marker {
    unsigned char bytes[MARKER_SIZE];
};
struct marker marker_new(void);

/* How often the marker is in the readable memory of a process; -1 where the memory cannot be
 * read: that takes the same user, or root where the process has closed itself off. 0 for a
 * process that has ended. say: prints where it is. */
long marker_in_process(pid_t pid, const struct marker *marker, bool say);

/* How often it is in the files below a folder; prints in which. */
long marker_in_folder(const char *folder, const struct marker *marker);

/* How often it is in the bytes. */
size_t marker_count(const struct marker *marker, const void *bytes, size_t size);

#endif
