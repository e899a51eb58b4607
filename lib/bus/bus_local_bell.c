/* bus_local_bell.c - see bus_local_bell.h. */
#include "lib/bus/bus_local_bell.h"

#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/bus/bus_local.h"

void local_bell_init(struct bus_wait *wait)
{
    wait->event_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

int local_bell_watch(struct bus_wait *wait, const char *dir, const char *topic,
                     const char *suffix, struct err *err)
{
    const int fd = bus_local_open_beside(dir, topic, suffix, err); /* makes it */
    char path[32];
    int watch = -1;

    if (fd < 0)
        return -1;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (wait->event_fd >= 0)
        watch = inotify_add_watch(wait->event_fd, path, IN_MODIFY);
    (void)close(fd);
    return watch;
}

bool local_bell_heard(struct bus_wait *wait, const int *watches, size_t count)
{
    _Alignas(struct inotify_event) char bytes[4096];
    bool heard = false;
    ssize_t size;

    while (wait->event_fd >= 0 && (size = read(wait->event_fd, bytes, sizeof bytes)) > 0)
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const struct inotify_event *)(bytes + at);

            for (size_t i = 0; i < count; i++)
                heard |= watches[i] == event->wd;
            at += (ssize_t)(sizeof *event + event->len);
        }
    return heard;
}
