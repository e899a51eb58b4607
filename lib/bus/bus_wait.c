/* bus_wait.c - see bus_wait.h. */
#include "lib/bus/bus_wait.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int bus_wait_init(struct bus_wait *wait, struct err *err)
{
    wait->event_fd = -1;
    wait->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return wait->wake_fd < 0 ? err_set_errno(err, "an eventfd for a consumer") : 0;
}

void bus_wait_done(struct bus_wait *wait)
{
    if (wait->wake_fd >= 0)
        (void)close(wait->wake_fd);
    if (wait->event_fd >= 0)
        (void)close(wait->event_fd);
    *wait = (struct bus_wait){-1, -1};
}

bool bus_wait_until(struct bus_wait *wait, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = wait->wake_fd, .events = POLLIN},
                            {.fd = wait->event_fd, .events = POLLIN}}; /* < 0 is ignored */
    uint64_t wakes;

    (void)poll(fds, 2, timeout_ms);
    return read(wait->wake_fd, &wakes, sizeof wakes) == (ssize_t)sizeof wakes;
}

void bus_wait_wake(struct bus_wait *wait)
{
    const uint64_t one = 1;
    const int number = errno; /* a signal handler must leave it as it was */

    if (write(wait->wake_fd, &one, sizeof one) < 0)
        errno = number; /* only where 2^64 wakes are pending already */
    errno = number;
}
