#include "tests/support/figure.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "tests/support/process.h"

void figure(const char *name, double value, const char *unit, enum figure_target target,
            double limit)
{
    bool ok = target == AT_LEAST ? value >= limit : value <= limit;

    printf("%s\t%.4g\t%s\t%s %g\t%s\n", name, value, unit,
           target == AT_LEAST ? ">=" : "<=", limit, ok ? "ok" : "short");
    (void)fflush(stdout);
}

void figure_seen(const char *name, double value, const char *unit)
{
    figure(name, value, unit, AT_LEAST, 0);
}

double figure_scale(void)
{
    const char *text = getenv("RECOMMENDER_BENCH_SCALE");
    double scale = text && *text ? strtod(text, NULL) : 1;

    if (!(scale > 0 && scale <= 1))
        give_up("RECOMMENDER_BENCH_SCALE", "is a number above 0, at most 1");
    if (scale < 1)
        (void)fprintf(stderr, "sizes are %g of the real ones: the figures are not\n", scale);
    return scale;
}

double figure_cpu_s(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

double figure_stolen_s(void)
{
    OWNED_VALUE(buf) stat = {0};
    const char *at;
    char *end;

    file_load("/proc/stat", &stat); /* cpu user nice system idle iowait irq softirq steal ... */
    at = strchr(buf_text(&stat), ' ');
    for (int field = 0; at && field < 7; field++) {
        (void)strtoull(at, &end, 10);
        at = end;
    }
    return at ? (double)strtoull(at, NULL, 10) / (double)sysconf(_SC_CLK_TCK) : 0;
}

double figure_now_s(void)
{
    return 1e-9 * (double)clock_mono_ns();
}

double figure_peak_mb(void)
{
    return 1.024e-3 * (double)process_resident_kib(getpid(), true);
}

void give_up(const char *name, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", name, why);
    exit(EXIT_FAILURE);
}
