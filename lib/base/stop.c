/* stop.c - see stop.h. */
#include "lib/base/stop.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static atomic_int stop_flag;
static int stop_event = -1;

void stop_request(void)
{
    const uint64_t one = 1;

    atomic_store(&stop_flag, 1);
    if (stop_event >= 0)
        (void)!write(stop_event, &one, sizeof one);
}

static void on_signal(int sig)
{
    (void)sig;
    stop_request();
}

int stop_on_signals(struct err *err)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    if (stop_event < 0)
        stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_event < 0)
        return err_set_errno(err, "eventfd");
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return 0;
}

bool stopping(void)
{
    return atomic_load(&stop_flag) != 0;
}

int stop_fd(void)
{
    return stop_event;
}

bool stop_wait(int timeout_ms)
{
    struct pollfd p = {.fd = stop_event, .events = POLLIN};

    if (!stopping())
        (void)poll(&p, 1, timeout_ms);
    return stopping();
}
