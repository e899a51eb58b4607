/* bus_local_wait.c - see bus_local_wait.h. */
#include "lib/bus/bus_local_wait.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/base/owned.h"
#include "lib/bus/bus_local.h"

int local_wait_init(struct local_wait *wait, struct err *err)
{
    wait->inotify_fd = -1;
    wait->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wait->wake_fd < 0)
        return err_set_errno(err, "an eventfd for a consumer");
    wait->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return 0;
}

void local_wait_done(struct local_wait *wait)
{
    if (wait->wake_fd >= 0)
        (void)close(wait->wake_fd);
    if (wait->inotify_fd >= 0)
        (void)close(wait->inotify_fd);
}

int local_wait_watch(struct local_wait *wait, const char *dir, const char *topic,
                     const char *suffix, struct err *err)
{
    const int fd = bus_local_open_beside(dir, topic, suffix, err); /* makes it */
    char path[32];

    if (fd < 0)
        return -1;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const int watch =
        wait->inotify_fd < 0 ? -1 : inotify_add_watch(wait->inotify_fd, path, IN_MODIFY);

    (void)close(fd);
    return watch;
}

bool local_wait_heard(struct local_wait *wait, const int *watches, size_t count)
{
    _Alignas(struct inotify_event) char bytes[4096];
    bool heard = false;
    ssize_t size;

    while (wait->inotify_fd >= 0 && (size = read(wait->inotify_fd, bytes, sizeof bytes)) > 0)
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const struct inotify_event *)(bytes + at);

            for (size_t i = 0; i < count; i++)
                heard |= watches[i] == event->wd;
            at += (ssize_t)(sizeof *event + event->len);
        }
    return heard;
}

bool local_wait_until(struct local_wait *wait, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = wait->wake_fd, .events = POLLIN},
                            {.fd = wait->inotify_fd, .events = POLLIN}}; /* < 0 is ignored */
    uint64_t wakes;

    (void)poll(fds, 2, timeout_ms);
    return read(wait->wake_fd, &wakes, sizeof wakes) == (ssize_t)sizeof wakes;
}

void local_wait_wake(struct local_wait *wait)
{
    const uint64_t one = 1;
    const int number = errno; /* a signal handler must leave it as it was */

    if (write(wait->wake_fd, &one, sizeof one) < 0)
        errno = number; /* only where 2^64 wakes are pending already */
    errno = number;
}
