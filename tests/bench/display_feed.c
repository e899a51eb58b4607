/* display_feed.c - bench-display: 5,000 screens that follow one zone, over one display-feed.
 *
 * What they take of its memory while nothing happens; how long a change takes from the request
 * that makes it to the last byte at each screen; how long after kill -9 until all of them have
 * the zone's last manifest again. The screens are one thread of this process: what they need of
 * the processor is in the figures. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "tests/support/displays.h"
#include "tests/support/figure.h"
#include "tests/support/process.h"

enum {
    SCREENS = 5000,
    UPDATES = 20,
    PICTURES = 64,
    AT_ONCE = 250, /* screens that connect at a time */
    EVENTS = 256,
    TEXT = 4096, /* of a manifest's beginning, and what is left of one that is cut */
    LATEST_MS = 60000,
};

#define ZONE "hall"

struct screen {
    int fd; /* -1: not connected */
    int64_t version;
    int64_t at_ns;      /* when it had that */
    int64_t connect_ms; /* not before, where it is not connected */
    size_t size;
    char text[TEXT + 1];
};

struct wall {
    struct displays displays;
    struct screen *screens;
    int epoll, connecting;
    int64_t wanted; /* version */
    size_t current; /* screens that have it */
};

static void fail(const char *what)
{
    give_up(what, strerror(errno));
}

/* -- a screen -- */

static void connect_screen(struct wall *wall, struct screen *screen)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)wall->displays.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = screen};

    screen->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (screen->fd < 0)
        fail("a socket");
    if (connect(screen->fd, (const struct sockaddr *)&to, sizeof to) < 0 &&
        errno != EINPROGRESS)
        fail("connecting");
    if (epoll_ctl(wall->epoll, EPOLL_CTL_ADD, screen->fd, &event) < 0)
        fail("epoll");
    screen->size = 0;
    wall->connecting++;
}

static void close_screen(struct wall *wall, struct screen *screen)
{
    (void)close(screen->fd);
    screen->fd = -1;
    if (screen->version == wall->wanted)
        wall->current--;
    screen->version = 0;
    screen->connect_ms = clock_mono_ms() + 50 + rand() % 200;
}

static void ask(struct wall *wall, struct screen *screen)
{
    static const char request[] = "GET /v1/zones/" ZONE "/feed HTTP/1.1\r\nHost: garden\r\n"
                                  "Accept: text/event-stream\r\n\r\n";
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = screen};

    wall->connecting--;
    if (send(screen->fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0)
        close_screen(wall, screen);
    else
        (void)epoll_ctl(wall->epoll, EPOLL_CTL_MOD, screen->fd, &event);
}

/* A manifest ends where its line does; each is told in one piece or in several. */
static void take(struct wall *wall, struct screen *screen, int64_t now_ns)
{
    const char *version = strstr(screen->text, "\"version\":");
    const char *end = version ? strstr(version, "\n\n") : NULL;

    if (!end)
        return;
    screen->version = strtoll(version + 10, NULL, 10);
    screen->at_ns = now_ns;
    if (screen->version == wall->wanted)
        wall->current++;
    screen->size = 0;
}

static void read_screen(struct wall *wall, struct screen *screen)
{
    const ssize_t size =
        recv(screen->fd, screen->text + screen->size, TEXT - screen->size, MSG_DONTWAIT);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0 || screen->size + (size_t)size >= TEXT) {
        close_screen(wall, screen);
        return;
    }
    screen->size += (size_t)size;
    screen->text[screen->size] = '\0';
    take(wall, screen, clock_mono_ns());
}

/* -- all of them -- */

static void connect_some(struct wall *wall)
{
    const int64_t now_ms = clock_mono_ms();

    for (int i = 0; i < SCREENS && wall->connecting < AT_ONCE; i++)
        if (wall->screens[i].fd < 0 && wall->screens[i].connect_ms <= now_ms)
            connect_screen(wall, &wall->screens[i]);
}

static void step(struct wall *wall)
{
    struct epoll_event events[EVENTS];
    int count;

    connect_some(wall);
    count = epoll_wait(wall->epoll, events, EVENTS, 10);
    for (int i = 0; i < count; i++) {
        struct screen *screen = events[i].data.ptr;

        if (events[i].events & EPOLLIN) {
            read_screen(wall, screen);
        } else if (events[i].events & (EPOLLERR | EPOLLHUP)) {
            if (screen->version == 0 && screen->size == 0 && wall->connecting > 0)
                wall->connecting--;
            close_screen(wall, screen);
        } else if (events[i].events & EPOLLOUT) {
            ask(wall, screen);
        }
    }
}

static void until_all(struct wall *wall, const char *what)
{
    const int64_t deadline_ms = clock_mono_ms() + LATEST_MS;

    while (wall->current < SCREENS) {
        if (clock_mono_ms() > deadline_ms)
            give_up(what, "not all screens have it after a minute");
        step(wall);
    }
}

static void want(struct wall *wall, int64_t version)
{
    wall->wanted = version;
    wall->current = 0;
    for (int i = 0; i < SCREENS; i++)
        wall->current += wall->screens[i].version == version;
}

/* -- changes -- */

static void *put(void *ctx)
{
    struct wall *wall = ctx;

    (void)displays_put(&wall->displays, ZONE, (int)wall->wanted % (PICTURES - 8), 8, 8, "");
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Appends how long each screen took, in ms. */
static void update(struct wall *wall, double *ret_took)
{
    const int64_t start_ns = clock_mono_ns();
    pthread_t thread;

    want(wall, wall->wanted + 1);
    if (pthread_create(&thread, NULL, put, wall) != 0)
        fail("a thread");
    until_all(wall, "an update");
    (void)pthread_join(thread, NULL);
    for (int i = 0; i < SCREENS; i++)
        ret_took[i] = 1e-6 * (double)(wall->screens[i].at_ns - start_ns);
}

/* Processor seconds of the service so far. */
static double cpu_s(const struct wall *wall)
{
    OWNED_VALUE(buf) stat = {0};
    unsigned long ticks = 0;
    char path[64], *rest;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)wall->displays.pid);
    file_load(path, &stat);
    rest = stat.data ? strrchr(stat.data, ')') : NULL; /* the end of its name */
    for (int field = 2; rest && field < 13; field++)
        rest = strchr(rest + 1, ' ');
    if (!rest)
        fail(path);
    ticks = strtoul(rest, &rest, 10);
    ticks += strtoul(rest, NULL, 10); /* in the kernel */
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static void measure_updates(struct wall *wall)
{
    static double took[(size_t)UPDATES * SCREENS];
    const size_t count = (size_t)UPDATES * SCREENS;
    const double before_s = cpu_s(wall);
    const double start_s = figure_now_s(), stolen_s = figure_stolen_s();

    for (int i = 0; i < UPDATES; i++)
        update(wall, took + (size_t)i * SCREENS);
    (void)fprintf(stderr,
                  "%d updates to %d screens in %.1f s, of which the host took %.1f s of "
                  "processor time\n",
                  UPDATES, SCREENS, figure_now_s() - start_s, figure_stolen_s() - stolen_s);
    qsort(took, count, sizeof *took, compare);
    figure_seen("display-update-cpu", (cpu_s(wall) - before_s) / UPDATES * 1e3, "ms");
    figure_seen("display-update-p50", took[count / 2], "ms");
    figure("display-update-p99", took[count / 100 * 99], "ms", AT_MOST, 250);
}

static void measure_restart(struct wall *wall)
{
    const double stolen_s = figure_stolen_s();
    double start_s;

    displays_kill(&wall->displays);
    for (int i = 0; i < SCREENS; i++)
        wall->screens[i].version = 0;
    want(wall, wall->wanted);
    start_s = figure_now_s();
    displays_start(&wall->displays);
    until_all(wall, "the restart");
    (void)fprintf(stderr, "after kill -9 the host took %.1f s of processor time\n",
                  figure_stolen_s() - stolen_s);
    figure("display-restart-all-current", figure_now_s() - start_s, "s", AT_MOST, 3);
}

int main(void)
{
    struct wall wall = {.screens = calloc(SCREENS, sizeof *wall.screens)};

    wall.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!wall.screens || wall.epoll < 0)
        fail("the screens");
    displays_prepare(&wall.displays);
    displays_fill(&wall.displays, PICTURES);
    displays_start(&wall.displays);
    for (int i = 0; i < SCREENS; i++)
        wall.screens[i].fd = -1;
    want(&wall, displays_put(&wall.displays, ZONE, 0, 8, 8, ""));
    figure_seen("display-memory-without-screens",
                (double)process_resident_kib(wall.displays.pid, false) / 1024, "MiB");
    until_all(&wall, "connecting");
    figure("display-memory-5000-idle",
           (double)process_resident_kib(wall.displays.pid, false) / 1024, "MiB", AT_MOST, 64);
    measure_updates(&wall);
    figure_seen("display-memory-after-updates",
                (double)process_resident_kib(wall.displays.pid, false) / 1024, "MiB");
    measure_restart(&wall);
    displays_done(&wall.displays);
    return 0;
}
