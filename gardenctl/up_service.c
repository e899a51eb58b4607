/* up_service.c - see up_service.h. */
#include "gardenctl/up_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gardenctl/up_model.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/http/server.h"

const struct up_service_spec up_services[] = {
    {"item-ingest", "ITEM_INGEST_LISTEN", "127.0.0.1:0", "GARDEN_INGEST_URL", false, NULL},
    {"generator-gpu", "GENERATOR_LISTEN", "127.0.0.1:0", "GARDEN_GENERATOR_URL", false,
     up_model_is_there},
    {"emotion", "EMOTION_LISTEN", "127.0.0.1:0", "GARDEN_EMOTION_URL", false,
     up_eyes_are_there},
    {"recommender-proxy", "RECOMMENDER_LISTEN", "127.0.0.1:0", "GARDEN_RECOMMENDER_URL", false,
     NULL},
    {"csv-exporter", "CSV_EXPORTER_LISTEN", "127.0.0.1:0", "GARDEN_EXPORTER_URL", false, NULL},
    {"display-feed", "DISPLAY_FEED_LISTEN", "127.0.0.1:0", "GARDEN_DISPLAY_FEED_URL", false,
     NULL},
    {"gateway", "GARDEN_LISTEN", "127.0.0.1:8080", NULL, true, NULL},
};
const size_t up_service_count = sizeof up_services / sizeof *up_services;

enum { FIRST_FD = 3 }; /* where sd_listen_fds(3) puts the socket */

/* How the socket is reached from this machine: the wildcard address becomes loopback. */
static int describe_socket(int fd, char address[UP_ADDRESS], struct err *err)
{
    struct sockaddr_storage bound = {0};
    struct sockaddr_in6 in6;
    struct sockaddr_in in4;
    socklen_t size = sizeof bound;
    char host[INET6_ADDRSTRLEN] = "";

    if (getsockname(fd, (struct sockaddr *)&bound, &size) < 0)
        return err_set_errno(err, "asking for the address of a socket");
    if (bound.ss_family == AF_INET6) {
        memcpy(&in6, &bound, sizeof in6);
        (void)inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
        (void)snprintf(address, UP_ADDRESS, "[%s]:%d", strcmp(host, "::") == 0 ? "::1" : host,
                       ntohs(in6.sin6_port));
    } else {
        memcpy(&in4, &bound, sizeof in4);
        (void)inet_ntop(AF_INET, &in4.sin_addr, host, sizeof host);
        (void)snprintf(address, UP_ADDRESS, "%s:%d",
                       strcmp(host, "0.0.0.0") == 0 ? "127.0.0.1" : host, ntohs(in4.sin_port));
    }
    return 0;
}

int up_service_bind(struct up_service *service, const struct up_service_spec *spec,
                    struct err *err)
{
    const char *wanted = getenv(spec->listen_env);
    char url[UP_ADDRESS + 8];

    *service = (struct up_service){.spec = spec, .pid_fd = -1, .output_fd = -1};
    if (!wanted || !*wanted)
        wanted = spec->listen_default;
    service->listen_fd = http_listen(wanted, err);
    if (service->listen_fd < 0)
        return err_wrap(err, "%s, for %s", spec->listen_env, spec->name);
    if (describe_socket(service->listen_fd, service->address, err) < 0)
        return err->code;
    (void)snprintf(url, sizeof url, "http://%s", service->address);
    if (setenv(spec->listen_env, wanted, 1) < 0 ||
        (spec->url_env && setenv(spec->url_env, url, 1) < 0))
        return err_set_nomem(err, "the services' environment");
    return 0;
}

/* In the child: from here on only what is safe between fork and exec. */
static _Noreturn void become(const char *program, char *const *environment, int listen_fd,
                             int output_fd, pid_t parent)
{
    char *argv[] = {(char *)program, NULL};
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it died before we asked to be told */
        _exit(1);
    (void)setpgid(0, 0); /* Ctrl-C is for gardenctl alone, which stops the services in order */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    if (dup2(output_fd, STDOUT_FILENO) < 0 || dup2(output_fd, STDERR_FILENO) < 0)
        _exit(1);
    if (listen_fd == FIRST_FD)
        (void)fcntl(FIRST_FD, F_SETFD, 0);
    else if (dup2(listen_fd, FIRST_FD) < 0)
        _exit(1);
    (void)execve(program, argv, environment);
    _exit(127);
}

enum { OWN_VARIABLES = 2, PID_VARIABLE = 32 };

/* Our environment with LISTEN_FDS and room for LISTEN_PID in it; *ret_pid is where. */
static char **make_environment(char pid_variable[PID_VARIABLE])
{
    size_t count = 0, used = 0;
    char **copy;

    while (environ[count])
        count++;
    copy = calloc(count + OWN_VARIABLES + 1, sizeof *copy);
    if (!copy)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!text_starts_with(environ[i], "LISTEN_"))
            copy[used++] = environ[i];
    copy[used++] = (char *)"LISTEN_FDS=1";
    copy[used] = pid_variable;
    return copy;
}

static void write_pid(char variable[PID_VARIABLE], pid_t pid)
{
    (void)snprintf(variable, PID_VARIABLE, "LISTEN_PID=%ld", (long)pid);
}

static int spawn(struct up_service *service, const char *program, const int output[2],
                 struct err *err)
{
    char pid_variable[PID_VARIABLE] = "";
    char **environment = make_environment(pid_variable);
    pid_t parent = getpid(), pid;

    if (!environment)
        return err_set_nomem(err, "a service's environment");
    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) {
        write_pid(pid_variable, getpid());
        become(program, environment, service->listen_fd, output[1], parent);
    }
    free((void *)environment);
    if (pid < 0)
        return err_set_errno(err, "starting %s", service->spec->name);
    service->pid = pid;
    service->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (service->pid_fd < 0)
        return err_set_errno(err, "watching %s", service->spec->name);
    return 0;
}

int up_service_start(struct up_service *service, const char *program_dir, struct err *err)
{
    char program[PATH_MAX];
    int output[2], r;

    (void)snprintf(program, sizeof program, "%s/%s", program_dir, service->spec->name);
    if (access(program, X_OK) < 0)
        return err_set_errno(err, "%s is not where it should be (run make build); %.150s",
                             service->spec->name, program);
    if (pipe2(output, O_CLOEXEC) < 0)
        return err_set_errno(err, "a pipe for %s", service->spec->name);
    r = spawn(service, program, output, err);
    (void)close(output[1]);
    if (r < 0) {
        (void)close(output[0]);
        return r;
    }
    (void)fcntl(output[0], F_SETFL, O_NONBLOCK);
    service->output_fd = output[0];
    service->started_ms = clock_mono_ms();
    service->ready = false;
    return 0;
}

void up_service_read(struct up_service *service)
{
    char bytes[16384];
    ssize_t n;

    while (service->output_fd >= 0 &&
           (n = read(service->output_fd, bytes, sizeof bytes)) != 0) {
        if (n > 0)
            up_log_take(&service->log, bytes, (size_t)n);
        else if (errno != EINTR)
            return; /* nothing more now */
    }
    if (service->output_fd >= 0) {
        (void)close(service->output_fd);
        service->output_fd = -1;
    }
}

void up_service_reap(struct up_service *service, char how[64])
{
    int status = 0;

    up_service_read(service);
    (void)waitpid(service->pid, &status, 0);
    if (WIFSIGNALED(status))
        (void)snprintf(how, 64, "killed by signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    else
        (void)snprintf(how, 64, "exit status %d", WEXITSTATUS(status));
    (void)close(service->pid_fd);
    if (service->output_fd >= 0)
        (void)close(service->output_fd);
    service->pid = 0;
    service->pid_fd = service->output_fd = -1;
    service->ready = false;
}

/* Waits until it has ended or deadline_ms has come, keeping its pipe empty. */
static bool wait_for_end(struct up_service *service, int64_t deadline_ms)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = service->pid_fd, .events = POLLIN},
                               {.fd = service->output_fd, .events = POLLIN}};
        int64_t left_ms = deadline_ms - clock_mono_ms();

        if (left_ms <= 0)
            return false;
        (void)poll(fds, 2, (int)left_ms);
        if (fds[1].revents)
            up_service_read(service);
        if (fds[0].revents)
            return true;
    }
}

bool up_service_stop(struct up_service *service, int timeout_ms)
{
    char how[64];
    bool obeyed;

    if (service->pid == 0)
        return true;
    (void)kill(service->pid, SIGTERM);
    obeyed = wait_for_end(service, clock_mono_ms() + timeout_ms);
    if (!obeyed)
        (void)kill(service->pid, SIGKILL);
    up_service_reap(service, how);
    return obeyed;
}

void up_service_done(struct up_service *service)
{
    if (!service->spec)
        return;
    if (service->listen_fd >= 0)
        (void)close(service->listen_fd);
    up_log_done(&service->log);
}
