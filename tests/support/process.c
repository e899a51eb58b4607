/* process.c - see process.h. */
#include "tests/support/process.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"

enum {
    STEP_MS = 10, /* between two looks at something that has no descriptor to wait for */
    FILE_MAX = 64 << 20,
};

void test_fail(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    printf("# ");
    vprintf(fmt, args);
    puts("");
    va_end(args);
    exit(1);
}

static void wait_step(void)
{
    (void)poll(NULL, 0, STEP_MS);
}

const char *program_path(const char *name)
{
    static char path[512];
    const char *build = getenv("GARDEN_BUILD");

    (void)snprintf(path, sizeof path, "%s/%s", build && *build ? build : "build", name);
    return path;
}

static void become(const char *const *argv, const char *const *env, int out, pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    for (; env && *env; env++)
        if (putenv((char *)*env) != 0)
            _exit(127);
    if (out >= 0) {
        (void)dup2(out, STDOUT_FILENO);
        (void)dup2(out, STDERR_FILENO);
    }
    (void)execvp(argv[0], (char *const *)argv);
    (void)fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static pid_t start_with_output(const char *const *argv, const char *const *env, int out)
{
    pid_t parent = getpid(), pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid == 0)
        become(argv, env, out, parent);
    if (pid < 0)
        test_fail("fork: %s", strerror(errno));
    return pid;
}

pid_t process_start(const char *const *argv, const char *const *env, const char *log)
{
    int out = -1;
    pid_t pid;

    if (log) {
        out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (out < 0)
            test_fail("%s: %s", log, strerror(errno));
    }
    pid = start_with_output(argv, env, out);
    if (out >= 0)
        (void)close(out);
    return pid;
}

static int status_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int process_end(pid_t pid, int sig, int timeout_ms)
{
    int64_t deadline = clock_mono_ms() + timeout_ms;
    int status;

    if (sig)
        (void)kill(pid, sig);
    for (;;) {
        pid_t ended = waitpid(pid, &status, WNOHANG);

        if (ended == pid)
            return status_of(status);
        if (ended < 0)
            test_fail("waiting for process %d: %s", (int)pid, strerror(errno));
        if (clock_mono_ms() > deadline)
            test_fail("process %d did not end within %d ms", (int)pid, timeout_ms);
        wait_step();
    }
}

static void read_all(int fd, struct buf *out, int timeout_ms)
{
    int64_t deadline = clock_mono_ms() + timeout_ms;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        char part[4096];
        ssize_t n;

        if (poll(&p, 1, (int)(deadline - clock_mono_ms())) <= 0)
            test_fail("the program had not ended after %d ms: %s", timeout_ms, buf_text(out));
        n = read(fd, part, sizeof part);
        if (n <= 0)
            return;
        buf_append(out, part, (size_t)n);
    }
}

int process_run(const char *const *argv, const char *const *env, struct buf *ret_output,
                int timeout_ms)
{
    OWNED_VALUE(buf) ignored = {0};
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        test_fail("pipe: %s", strerror(errno));
    pid = start_with_output(argv, env, ends[1]);
    (void)close(ends[1]);
    read_all(ends[0], ret_output ? ret_output : &ignored, timeout_ms);
    (void)close(ends[0]);
    return process_end(pid, 0, timeout_ms);
}

/* The parent and the name of a process, from /proc/PID/stat. */
static bool stat_of(const char *pid, pid_t *ret_parent, char name[64])
{
    char path[300], line[512] = "";
    const char *open_bracket, *close_bracket;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%s/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    (void)!read(fd, line, sizeof line - 1);
    (void)close(fd);
    open_bracket = strchr(line, '(');
    close_bracket = strrchr(line, ')');
    if (!open_bracket || !close_bracket || strlen(close_bracket) < 5)
        return false;
    (void)snprintf(name, 64, "%.*s", (int)(close_bracket - open_bracket - 1), open_bracket + 1);
    *ret_parent = (pid_t)strtol(close_bracket + 4, NULL, 10);
    return true;
}

pid_t process_child(pid_t parent, const char *name)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    pid_t found = -1;

    while (proc && found < 0 && (entry = readdir(proc))) {
        char its_name[64];
        pid_t its_parent;

        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
            !stat_of(entry->d_name, &its_parent, its_name))
            continue;
        if (its_parent == parent && strncmp(its_name, name, 15) == 0)
            found = (pid_t)strtol(entry->d_name, NULL, 10);
    }
    if (proc)
        (void)closedir(proc);
    return found;
}

long process_resident_kib(pid_t pid, bool peak)
{
    char path[64], line[128];
    const char *name = peak ? "VmHWM:" : "VmRSS:";
    long kib = 0;
    FILE *f;

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name), NULL, 10);
    if (f)
        (void)fclose(f);
    return kib;
}

static char folders[16][128];
static int folder_count;
static pid_t folder_owner;

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    (void)remove(path);
    return 0;
}

static void remove_folders(void)
{
    if (getpid() != folder_owner) /* a forked child's exit */
        return;
    for (int i = 0; i < folder_count; i++)
        (void)nftw(folders[i], remove_entry, 32, FTW_DEPTH | FTW_PHYS);
}

const char *folder_new(void)
{
    const char *base = getenv("TMPDIR");
    char *path;

    if (folder_owner != getpid()) {
        folder_owner = getpid();
        folder_count = 0;
        (void)atexit(remove_folders);
    }
    if (folder_count == 16)
        test_fail("too many folders in one test");
    path = folders[folder_count];
    (void)snprintf(path, sizeof folders[0], "%s/garden-test.XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path))
        test_fail("%s: %s", path, strerror(errno));
    folder_count++;
    return path;
}

void folder_put(const char *folder, const char *name, const void *data, size_t size)
{
    char path[500];
    struct err err = {0};

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_make_folders(path, &err) < 0 || file_write(path, data, size, &err) < 0)
        test_fail("%s", err.text);
}

void file_load(const char *path, struct buf *ret_data)
{
    struct err err = {0};

    if (file_read(path, FILE_MAX, ret_data, &err) < 0)
        test_fail("%s (tests run in the root of the tree)", err.text);
}

int port_free(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        test_fail("no free port: %s", strerror(errno));
    (void)close(fd);
    return ntohs(address.sin_port);
}

int http_ask(struct http_client *client, const struct http_client_request *request,
             struct buf *ret_body)
{
    struct http_client_response response = {0};
    struct err err = {0};
    int status = 0;

    if (http_client_fetch(client, request, &response, &err) == 0)
        status = response.status;
    if (ret_body) {
        buf_clear(ret_body);
        buf_append(ret_body, response.body.data, response.body.size);
    }
    http_client_response_done(&response);
    return status;
}

void http_wait(const char *url, int status, int timeout_ms)
{
    int64_t deadline = clock_mono_ms() + timeout_ms;
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    const struct http_client_request request = {
        .method = "GET", .url = url, .deadline_ms = 2000};
    OWNED_VALUE(buf) body = {0};
    int last = 0;

    while (client && clock_mono_ms() < deadline) {
        last = http_ask(client, &request, &body);
        if (last == status)
            return;
        wait_step();
    }
    test_fail("%s did not answer %d within %d ms, but %d %s", url, status, timeout_ms, last,
              client ? buf_text(&body) : err.text);
}
