/* process.c - see process.h. */
#include "lib/metrics/process.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/metrics/metrics.h"

enum { START_FIELD = 22 }; /* of /proc/self/stat: ticks since boot */

/* Reads the start of a file as text; whether there was any. */
static int read_text(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t got;

    if (!file)
        return 0;
    got = fread(text, 1, size - 1, file);
    text[got] = '\0';
    (void)fclose(file);
    return got > 0;
}

static double read_resident_bytes(void)
{
    char text[256], *end;

    if (!read_text("/proc/self/statm", text, sizeof text))
        return -1;
    (void)strtoull(text, &end, 10); /* the first number is the whole address space */
    return (double)strtoull(end, NULL, 10) * (double)sysconf(_SC_PAGESIZE);
}

static double count_open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    double count = -3; /* ".", ".." and the directory itself */

    if (!dir)
        return -1;
    while (readdir(dir))
        count++;
    (void)closedir(dir);
    return count;
}

/* The program's name, the second field, may hold anything: fields are counted after its ')'.
 * The ticks count from the boot, whose time is what the two clocks differ by. */
static double read_start_seconds(void)
{
    struct timespec wall = {0}, boot = {0};
    char stat[1024];
    const char *p;

    if (!read_text("/proc/self/stat", stat, sizeof stat))
        return -1;
    p = strrchr(stat, ')');
    for (int field = 2; p && field < START_FIELD; field++)
        p = strchr(p + 1, ' ');
    if (!p)
        return -1;
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    return (double)(wall.tv_sec - boot.tv_sec) + (double)(wall.tv_nsec - boot.tv_nsec) / 1e9 +
           (double)strtoull(p, NULL, 10) / (double)sysconf(_SC_CLK_TCK);
}

static void set(struct metric *metric, double value)
{
    if (value >= 0)
        metric_set(metric, value);
}

void metrics_read_process(void)
{
    struct timespec cpu = {0};

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    set(metric_counter("process_cpu_seconds_total", "User and system CPU time spent.", NULL),
        (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9);
    set(metric_gauge("process_open_fds", "Open file descriptors.", NULL), count_open_fds());
    set(metric_gauge("process_resident_memory_bytes", "Resident memory.", NULL),
        read_resident_bytes());
    if (metric_value(
            metric_gauge("process_start_time_seconds", "Start, since the epoch.", NULL)) <= 0)
        set(metric_gauge("process_start_time_seconds", "Start, since the epoch.", NULL),
            read_start_seconds());
}
