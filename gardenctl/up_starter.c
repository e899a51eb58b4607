/* up_starter.c - see up_starter.h. */
#include "gardenctl/up_starter.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/conf.h"

static const struct conf_field fields[] = {
    {"GARDEN_STARTER", CONF_BOOL, "1", 0, "", 0, 0}, /* main.c has it for --help */
};

int up_starter_load(struct up_starter *starter, struct err *err)
{
    struct {
        bool wanted;
    } conf;

    *starter = (struct up_starter){.pid_fd = -1};
    if (conf_load(&conf, fields, 1, err) < 0)
        return err->code;
    starter->wanted = conf.wanted;
    return 0;
}

/* In the child. It stays in our process group: Ctrl-C ends it, too, which does it no harm. */
static _Noreturn void become(pid_t parent)
{
    char name[] = "gardenctl", word[] = "starter", quiet[] = "--quiet";
    char *argv[] = {name, word, quiet, NULL};
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)execv("/proc/self/exe", argv);
    _exit(127);
}

int up_starter_start(struct up_starter *starter, const char *address, struct err *err)
{
    const pid_t parent = getpid();
    char url[200];

    if (!starter->wanted)
        return 0;
    (void)snprintf(url, sizeof url, "http://%s", address);
    if (setenv("GARDEN_URL", url, 1) < 0)
        return err_set_nomem(err, "the starter's environment");
    (void)fflush(NULL);
    starter->pid = fork();
    if (starter->pid == 0)
        become(parent);
    if (starter->pid < 0) {
        starter->pid = 0;
        return err_set_errno(err, "starting gardenctl starter");
    }
    starter->pid_fd = (int)syscall(SYS_pidfd_open, starter->pid, 0);
    return starter->pid_fd < 0 ? err_set_errno(err, "watching gardenctl starter") : 0;
}

bool up_starter_reap(struct up_starter *starter)
{
    int status = 0;

    (void)waitpid(starter->pid, &status, 0);
    if (starter->pid_fd >= 0)
        (void)close(starter->pid_fd);
    starter->pid = 0;
    starter->pid_fd = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void up_starter_stop(struct up_starter *starter)
{
    if (!starter->pid)
        return;
    (void)kill(starter->pid, SIGKILL);
    (void)up_starter_reap(starter);
}
