/* figure.h - the lines that benchmarks print: name<TAB>value<TAB>unit<TAB>target<TAB>ok|short.
 */
#ifndef TESTS_SUPPORT_FIGURE_H
#define TESTS_SUPPORT_FIGURE_H

#include <sys/types.h>

enum figure_target { AT_LEAST, AT_MOST };

/* Prints it, with up to 4 significant digits behind the point. */
void figure(const char *name, double value, const char *unit, enum figure_target target,
            double limit);

/* One that has no target: ">= 0" is always met. */
void figure_seen(const char *name, double value, const char *unit);

/* RECOMMENDER_BENCH_SCALE (0 < x <= 1; default 1): times which sizes are taken while
 * developing, so that a run is short. Says on stderr when it is not 1. */
double figure_scale(void);

/* Processor seconds of this process so far, of all its threads. */
double figure_cpu_s(void);

/* Processor seconds, of all cores, in which this machine's host ran something else; 0 where
 * that is not told. What waits is then late by the host's doing. */
double figure_stolen_s(void);

/* The monotonic clock. */
double figure_now_s(void);

/* Peak of this process's resident memory so far, in MB (10^6). */
double figure_peak_mb(void);

/* "name: why" on stderr, and exits with a failure. */
void give_up(const char *name, const char *why) __attribute__((noreturn));

#endif
