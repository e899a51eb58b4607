/* up.c - gardenctl up: runs a garden in the foreground.
 *
 * Makes the data folder and the topics, starts the services, says when each is ready, starts
 * again what dies, and stops all of it in order. One thread, one poll: over the stop signal,
 * the services' processes and pipes, and the HTTP client that asks them whether they are ready.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gardenctl/command.h"
#include "gardenctl/remote.h"
#include "gardenctl/up_data.h"
#include "gardenctl/up_service.h"
#include "gardenctl/up_starter.h"
#include "lib/base/clock.h"
#include "lib/base/stop.h"
#include "lib/base/text.h"
#include "lib/http/client.h"
#include "proto/topics.h"
#include "services/common/garden_conf.h"

enum {
    MAX_SERVICES = 8,
    FIRST_PAUSE_MS = 200, /* before a service that died is started again; doubled each time */
    LONGEST_PAUSE_MS = 30000,
    STEADY_MS = 60000, /* up for so long, and earlier deaths are forgotten */
    EARLY_DEATHS = 4,  /* a service that has never been ready and dies so often is given up */
    PROBE_EVERY_MS = 100,
    PROBE_DEADLINE_MS = 5000,
    SAY_WAITING_MS = 5000, /* how often it is said that a service is not ready yet */
    STOP_MS = 15000,       /* for a service to finish what it is at */
    BUS_PAUSE_MS = 1000,
    IN_TURN_MS = 2000, /* a service waits so long for the one before it to be ready */
};

struct supervisor;

/* Whether one service is ready. */
struct probe {
    struct supervisor *up;
    struct up_service *service;
    bool under_way;
    int64_t next_ms, say_ms;
};

struct supervisor {
    struct garden_conf conf;
    char program_dir[PATH_MAX];
    struct http_client *client;
    struct up_service services[MAX_SERVICES];
    struct probe probes[MAX_SERVICES];
    size_t count;
    struct up_starter starter;
    bool greeted; /* all were ready once, and that was said */
    int64_t start_ms;
    struct err failure; /* why it cannot go on */
};

static void say(const char *name, const char *state, const char *rest)
{
    printf("  %-14s %-9s %s\n", name, state, rest);
    (void)fflush(stdout);
}

/* -- the first run -- */

static void start_starter(struct supervisor *up)
{
    struct err err = {0};

    for (size_t i = 0; i < up->count; i++)
        if (up->services[i].spec->is_door &&
            up_starter_start(&up->starter, up->services[i].address, &err) < 0)
            say("starter", "failed", err.text);
}

static void on_starter_end(struct supervisor *up)
{
    if (!up_starter_reap(&up->starter))
        say("starter", "stopped", "it goes on at the next start, or by gardenctl starter");
}

/* -- readiness -- */

static void greet(struct supervisor *up)
{
    OWNED_VALUE(buf) key = {0}, coded = {0};
    struct err err = {0};

    for (size_t i = 0; i < up->count; i++)
        if (!up->services[i].was_ready)
            return;
    up->greeted = true;
    if (remote_read_key(&key, &err) < 0) {
        printf("The garden is ready, but %s\n", err.text);
        return;
    }
    text_url_encode(&coded, key.data, key.size, false);
    for (size_t i = 0; i < up->count; i++)
        if (up->services[i].spec->is_door)
            printf("\nThe garden is ready after %" PRId64 " ms. Open it as operator:\n"
                   "  http://%s/login?key=%s\n"
                   "Logs are in %s/log. Ctrl-C stops it.\n",
                   clock_mono_ms() - up->start_ms, up->services[i].address, buf_text(&coded),
                   up->conf.data);
    (void)fflush(stdout);
}

static void say_waiting(struct probe *probe, const struct http_client_response *response,
                        const struct err *err)
{
    char rest[sizeof err->text];

    if (clock_mono_ms() < probe->say_ms)
        return;
    probe->say_ms = clock_mono_ms() + SAY_WAITING_MS;
    if (response->status)
        (void)snprintf(rest, sizeof rest, "%.*s", (int)strcspn(buf_text(&response->body), "\n"),
                       buf_text(&response->body));
    else
        (void)snprintf(rest, sizeof rest, "%s", err->text);
    say(probe->service->spec->name, "waits", rest);
}

static void on_probed(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct probe *probe = ctx;
    struct up_service *service = probe->service;
    char rest[UP_ADDRESS + 32];

    probe->under_way = false;
    probe->next_ms = clock_mono_ms() + PROBE_EVERY_MS;
    if (service->pid == 0 || stopping())
        return;
    if (response->status != 200) {
        say_waiting(probe, response, err);
        return;
    }
    service->ready = service->was_ready = true;
    (void)snprintf(rest, sizeof rest, "%-22s %6" PRId64 " ms", service->address,
                   clock_mono_ms() - service->started_ms);
    say(service->spec->name, "ready", rest);
    if (probe->up->greeted)
        return;
    greet(probe->up);
    if (probe->up->greeted)
        start_starter(probe->up);
}

static void start_probe(struct supervisor *up, struct probe *probe)
{
    char url[UP_ADDRESS + 32];
    struct http_client_request request = {
        .method = "GET", .url = url, .deadline_ms = PROBE_DEADLINE_MS};

    (void)snprintf(url, sizeof url, "http://%s/readyz", probe->service->address);
    probe->under_way = true;
    (void)http_client_send(up->client, &request, on_probed, probe);
}

/* -- processes -- */

static void start(struct supervisor *up, size_t i)
{
    struct up_service *service = &up->services[i];

    if (up_service_start(service, up->program_dir, &up->failure) < 0)
        return;
    up->probes[i].next_ms = 0;
    up->probes[i].say_ms = clock_mono_ms() + SAY_WAITING_MS;
}

static void on_death(struct supervisor *up, struct up_service *service)
{
    int64_t now_ms = clock_mono_ms();
    int64_t pause_ms = FIRST_PAUSE_MS;
    char how[64], rest[200], pause[32];

    if (service->ready && now_ms - service->started_ms > STEADY_MS)
        service->deaths = 0;
    up_service_reap(service, how);
    for (int i = 0; i < service->deaths && pause_ms < LONGEST_PAUSE_MS; i++)
        pause_ms *= 2;
    if (pause_ms > LONGEST_PAUSE_MS)
        pause_ms = LONGEST_PAUSE_MS;
    service->deaths++;
    if (!service->was_ready && service->deaths >= EARLY_DEATHS) {
        (void)err_set(&up->failure, ERR_UNAVAILABLE,
                      "%s does not start (%s): %.100s; see %.90s", service->spec->name, how,
                      *service->log.reason ? service->log.reason : "it did not say why",
                      service->log.path);
        return;
    }
    service->start_at_ms = now_ms + pause_ms;
    (void)snprintf(pause, sizeof pause, "%" PRId64 ".%" PRId64 " s", pause_ms / 1000,
                   pause_ms % 1000 / 100);
    (void)snprintf(rest, sizeof rest, "%s; it is started again in %s", how, pause);
    say(service->spec->name, "died", rest);
}

/* When the service may be started: the first time after the one before it in the table. */
static int64_t start_time(const struct supervisor *up, size_t i)
{
    const struct up_service *service = &up->services[i], *before = service - 1;

    if (service->started_ms || i == 0 || before->was_ready)
        return service->start_at_ms;
    return before->started_ms ? before->started_ms + IN_TURN_MS : INT64_MAX;
}

/* Does what is due; returns how long nothing will be. */
static int do_due(struct supervisor *up)
{
    int64_t now_ms = clock_mono_ms(), next_ms = now_ms + 60000;

    for (size_t i = 0; i < up->count; i++) {
        struct up_service *service = &up->services[i];
        struct probe *probe = &up->probes[i];

        if (service->pid == 0 && now_ms >= start_time(up, i))
            start(up, i);
        else if (service->pid == 0 && start_time(up, i) < next_ms)
            next_ms = start_time(up, i);
        if (service->pid == 0 || service->ready || probe->under_way)
            continue;
        if (now_ms >= probe->next_ms)
            start_probe(up, probe);
        else if (probe->next_ms < next_ms)
            next_ms = probe->next_ms;
    }
    return (int)(next_ms - now_ms);
}

static void wait_for_events(struct supervisor *up, int timeout_ms)
{
    struct pollfd fds[3 + 2 * MAX_SERVICES] = {
        {.fd = stop_fd(), .events = POLLIN},
        {.fd = http_client_fd(up->client), .events = POLLIN},
        {.fd = up->starter.pid_fd, .events = POLLIN},
    };
    int client_ms = http_client_timeout_ms(up->client);

    for (size_t i = 0; i < up->count; i++) {
        fds[3 + 2 * i] = (struct pollfd){.fd = up->services[i].output_fd, .events = POLLIN};
        fds[4 + 2 * i] = (struct pollfd){.fd = up->services[i].pid_fd, .events = POLLIN};
    }
    if (client_ms >= 0 && client_ms < timeout_ms)
        timeout_ms = client_ms;
    (void)poll(fds, 3 + 2 * up->count, timeout_ms);
    http_client_step(up->client);
    for (size_t i = 0; i < up->count; i++) {
        if (fds[3 + 2 * i].revents)
            up_service_read(&up->services[i]);
        if (fds[4 + 2 * i].revents && !stopping())
            on_death(up, &up->services[i]);
    }
    if (fds[2].revents && !stopping())
        on_starter_end(up);
}

static void stop_all(struct supervisor *up)
{
    up_starter_stop(&up->starter);
    for (size_t i = up->count; i-- > 0;) {
        struct up_service *service = &up->services[i];
        int64_t start_ms = clock_mono_ms();
        bool ran = service->pid != 0;
        char took[32];

        if (!up_service_stop(service, STOP_MS))
            say(service->spec->name, "killed", "it did not stop when it was asked to");
        else if (ran) {
            (void)snprintf(took, sizeof took, "%" PRId64 " ms", clock_mono_ms() - start_ms);
            say(service->spec->name, "stopped", took);
        }
    }
}

/* -- before and after -- */

static int find_programs(char dir[PATH_MAX], struct err *err)
{
    ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX - 1);
    char *slash;

    if (n < 0)
        return err_set_errno(err, "reading /proc/self/exe");
    dir[n] = '\0';
    slash = strrchr(dir, '/');
    if (slash)
        *slash = '\0';
    return 0;
}

/* Waits for a broker that is not there yet. */
static int make_topics(const struct garden_conf *conf, struct err *err)
{
    bool said = false;

    for (;;) {
        OWNED(bus) bus = garden_open_bus(conf, "gardenctl", err);

        if (bus && bus_create_topics(bus, garden_topics, garden_topic_count, err) == 0)
            return 0;
        if (err->code != ERR_UNAVAILABLE && err->code != ERR_TIMEOUT)
            return err_wrap(err, "making the topics");
        if (!said)
            say("bus", "waits", err->text);
        said = true;
        if (stop_wait(BUS_PAUSE_MS))
            return err_wrap(err, "stopped before the bus (GARDEN_BUS) was there");
        err_clear(err);
    }
}

static int prepare(struct supervisor *up, bool verbose, struct err *err)
{
    char log_dir[PATH_MAX];

    (void)snprintf(log_dir, sizeof log_dir, "%s/log", up->conf.data);
    if (up_data_make(log_dir, err) < 0 || find_programs(up->program_dir, err) < 0)
        return err->code;
    for (size_t i = 0; i < up_service_count; i++) {
        const struct up_service_spec *spec = &up_services[i];
        struct up_service *service = &up->services[up->count];

        if (spec->wanted && !spec->wanted())
            continue;
        up->probes[up->count++] = (struct probe){.up = up, .service = service};
        if (up_service_bind(service, spec, err) < 0 ||
            up_log_open(&service->log, log_dir, spec->name, verbose, err) < 0)
            return err->code;
    }
    if (make_topics(&up->conf, err) < 0)
        return err->code;
    up->client = http_client_new(err);
    return up->client ? 0 : err->code;
}

static void supervisor_done(struct supervisor *up)
{
    http_client_free(up->client);
    for (size_t i = 0; i < up->count; i++)
        up_service_done(&up->services[i]);
}

static int supervise(struct supervisor *up, bool verbose, struct err *err)
{
    if (prepare(up, verbose, err) < 0)
        return err->code;
    while (!stopping() && up->failure.code == 0)
        wait_for_events(up, do_due(up));
    printf(stopping() ? "\nStopping the garden\n" : "\n");
    stop_all(up);
    if (up->failure.code)
        return err_set(err, up->failure.code, "%s", up->failure.text);
    return 0;
}

static int run(const struct args *args)
{
    struct supervisor up = {.start_ms = clock_mono_ms()};
    struct err err = {0};
    int lock, r;

    if (garden_conf_load(&up.conf, &err) < 0 || up_starter_load(&up.starter, &err) < 0 ||
        stop_on_signals(&err) < 0 || up_data_make(up.conf.data, &err) < 0)
        return command_failed(&err);
    lock = up_data_lock(up.conf.data, &err);
    if (lock < 0)
        return command_failed(&err);
    printf("My Emotion Gardens, data in %s\n", up.conf.data);
    (void)fflush(stdout);
    r = supervise(&up, args_has(args, "--verbose"), &err);
    supervisor_done(&up);
    (void)close(lock);
    return r < 0 ? command_failed(&err) : EXIT_WORKED;
}

static const struct args_option options[] = {
    {"--verbose", NULL, "show the services' log lines as they come"},
};

const struct command command_up = {
    .name = "up",
    .words = "",
    .meaning = "Runs the garden in the foreground until Ctrl-C",
    .details =
        "It makes GARDEN_DATA and the topics, starts every service, starts again what dies,\n"
        "and prints a link that opens the garden as operator.\n\n"
        "Example: GARDEN_LISTEN=127.0.0.1:9090 GARDEN_DATA=/srv/garden gardenctl up\n",
    .options = options,
    .option_count = 1,
    .max_words = 0,
    .run = run,
};
