/* metrics.h - counters, gauges and histograms, shown as Prometheus text (format 0.0.4).
 *
 * A metric is registered once, at start, and then updated lock-free from any thread. Names and
 * units follow Prometheus' rules: seconds, bytes, _total for counters. */
#ifndef LIB_METRICS_METRICS_H
#define LIB_METRICS_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"

struct metric;

/* The metric with this name and label set, made when it is new; name and help are borrowed for
 * ever (string literals), labels are copied: "route=\"/like\",code=\"200\"" or NULL. The same
 * arguments give the same metric. Never NULL: without memory a shared dummy is returned. */
struct metric *metric_counter(const char *name, const char *help, const char *labels);
struct metric *metric_gauge(const char *name, const char *help, const char *labels);

/* Buckets are upper bounds in rising order; +Inf is added. bounds is borrowed for ever. */
struct metric *metric_histogram(const char *name, const char *help, const char *labels,
                                const double *bounds, size_t bound_count);

/* Bounds for latencies: 0.5 ms to 30 s. */
extern const double metric_seconds_bounds[];
extern const size_t metric_seconds_bound_count;

void metric_add(struct metric *counter, double amount); /* also for gauges */
void metric_set(struct metric *gauge, double value);
void metric_observe(struct metric *histogram, double value);
double metric_value(const struct metric *metric); /* a histogram's: its count */

/* Appends everything registered, sorted by name, with the process's own figures
 * (process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds,
 * process_start_time_seconds). */
void metrics_render(struct buf *out);

/* One label pair with its value escaped: ,name="value" without the leading comma when out is
 * empty. */
void metrics_label(struct buf *out, const char *name, const char *value);

#endif
