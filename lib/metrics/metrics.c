/* metrics.c - see metrics.h.
 *
 * Values are doubles kept as their bits in atomics, so that an update is one compare-and-swap
 * and never waits. Only registering and rendering take the lock. */
#include "lib/metrics/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/metrics/process.h"

enum kind { COUNTER, GAUGE, HISTOGRAM };

struct metric {
    enum kind kind;
    const char *name, *help; /* borrowed for ever */
    char *labels;            /* "" for none */
    _Atomic uint64_t value;  /* the bits of a double; a histogram's sum */
    const double *bounds;
    size_t bound_count;
    struct metric *next;       /* by name, then labels */
    _Atomic uint64_t *buckets; /* bound_count + 1, each on its own, not added up */
};

const double metric_seconds_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                        0.25,   0.5,   1,      2.5,   5,    10,    30};
const size_t metric_seconds_bound_count =
    sizeof metric_seconds_bounds / sizeof *metric_seconds_bounds;

static struct registry {
    pthread_mutex_t lock;
    struct map *by_key; /* name, '{', labels */
    struct metric *first;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Takes the updates of what could not be registered. */
static _Atomic uint64_t dummy_bucket;
static struct metric dummy = {.name = "", .help = "", .buckets = &dummy_bucket};

static double to_double(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t to_bits(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void metric_free(struct metric *metric)
{
    if (!metric)
        return;
    free(metric->labels);
    free((void *)metric->buckets);
    free(metric);
}

static struct metric *metric_new(enum kind kind, const char *name, const char *help,
                                 const char *labels)
{
    struct metric *metric = calloc(1, sizeof *metric);

    if (!metric)
        return NULL;
    metric->kind = kind;
    metric->name = name;
    metric->help = help;
    metric->labels = strdup(labels);
    if (!metric->labels) {
        metric_free(metric);
        return NULL;
    }
    return metric;
}

static bool comes_before(const struct metric *a, const struct metric *b)
{
    int order = strcmp(a->name, b->name);

    return order ? order < 0 : strcmp(a->labels, b->labels) < 0;
}

/* Under the lock. */
static int remember(struct metric *metric, const struct buf *key)
{
    struct metric **at = &registry.first;

    if (map_put(registry.by_key, key->data, key->size, metric) < 0)
        return -1;
    while (*at && comes_before(*at, metric))
        at = &(*at)->next;
    metric->next = *at;
    *at = metric;
    return 0;
}

/* Under the lock. NULL: no memory. */
static struct metric *find_or_make(const struct metric *wanted, const struct buf *key)
{
    struct metric *metric;

    if (!registry.by_key)
        registry.by_key = map_new();
    if (!registry.by_key || !buf_ok(key))
        return NULL;
    metric = map_get(registry.by_key, key->data, key->size);
    if (metric)
        return metric->kind == wanted->kind ? metric : NULL;
    metric = metric_new(wanted->kind, wanted->name, wanted->help, wanted->labels);
    if (!metric)
        return NULL;
    metric->bounds = wanted->bounds;
    metric->bound_count = wanted->bound_count;
    metric->buckets = calloc(wanted->bound_count + 1, sizeof *metric->buckets);
    if (!metric->buckets || remember(metric, key) < 0) {
        metric_free(metric);
        return NULL;
    }
    return metric;
}

static struct metric *get(const struct metric *wanted)
{
    OWNED_VALUE(buf) key = {0};
    struct metric *metric;

    buf_printf(&key, "%s{%s", wanted->name, wanted->labels);
    (void)pthread_mutex_lock(&registry.lock);
    metric = find_or_make(wanted, &key);
    (void)pthread_mutex_unlock(&registry.lock);
    return metric ? metric : &dummy;
}

static char *text_of(const char *labels)
{
    return (char *)(labels ? labels : "");
}

struct metric *metric_counter(const char *name, const char *help, const char *labels)
{
    const struct metric wanted = {
        .kind = COUNTER, .name = name, .help = help, .labels = text_of(labels)};

    return get(&wanted);
}

struct metric *metric_gauge(const char *name, const char *help, const char *labels)
{
    const struct metric wanted = {
        .kind = GAUGE, .name = name, .help = help, .labels = text_of(labels)};

    return get(&wanted);
}

struct metric *metric_histogram(const char *name, const char *help, const char *labels,
                                const double *bounds, size_t bound_count)
{
    const struct metric wanted = {.kind = HISTOGRAM,
                                  .name = name,
                                  .help = help,
                                  .labels = text_of(labels),
                                  .bounds = bounds,
                                  .bound_count = bound_count};

    return get(&wanted);
}

void metric_add(struct metric *counter, double amount)
{
    uint64_t old = atomic_load_explicit(&counter->value, memory_order_relaxed);

    while (!atomic_compare_exchange_weak_explicit(&counter->value, &old,
                                                  to_bits(to_double(old) + amount),
                                                  memory_order_relaxed, memory_order_relaxed))
        continue;
}

void metric_set(struct metric *gauge, double value)
{
    atomic_store_explicit(&gauge->value, to_bits(value), memory_order_relaxed);
}

void metric_observe(struct metric *histogram, double value)
{
    size_t i = 0;

    while (i < histogram->bound_count && !(value <= histogram->bounds[i]))
        i++;
    atomic_fetch_add_explicit(&histogram->buckets[i], 1, memory_order_relaxed);
    metric_add(histogram, value);
}

static uint64_t bucket(const struct metric *metric, size_t i)
{
    return atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
}

double metric_value(const struct metric *metric)
{
    uint64_t count = 0;

    if (metric->kind != HISTOGRAM)
        return to_double(atomic_load_explicit(&metric->value, memory_order_relaxed));
    for (size_t i = 0; i <= metric->bound_count; i++)
        count += bucket(metric, i);
    return (double)count;
}

/* The shortest text that reads back as the same number. */
static void append_number(struct buf *out, double value)
{
    char text[32];

    if (isnan(value) || isinf(value)) {
        buf_append_str(out, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buf_append_str(out, text);
}

/* name_suffix{labels,le="bound"} value; le NULL: none. */
static void append_sample(struct buf *out, const struct metric *m, const char *suffix,
                          const double *le, double value)
{
    buf_printf(out, "%s%s", m->name, suffix);
    if (*m->labels || le)
        buf_append_char(out, '{');
    buf_append_str(out, m->labels);
    if (le) {
        buf_append_str(out, *m->labels ? ",le=\"" : "le=\"");
        append_number(out, *le);
        buf_append_char(out, '"');
    }
    buf_append_str(out, *m->labels || le ? "} " : " ");
    append_number(out, value);
    buf_append_char(out, '\n');
}

static void append_histogram(struct buf *out, const struct metric *m)
{
    const double infinite = (double)INFINITY;
    uint64_t sum = 0;

    for (size_t i = 0; i <= m->bound_count; i++) {
        sum += bucket(m, i);
        append_sample(out, m, "_bucket", i < m->bound_count ? &m->bounds[i] : &infinite,
                      (double)sum);
    }
    append_sample(out, m, "_sum", NULL,
                  to_double(atomic_load_explicit(&m->value, memory_order_relaxed)));
    append_sample(out, m, "_count", NULL, (double)sum);
}

static void append_head(struct buf *out, const struct metric *m)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};

    buf_printf(out, "# HELP %s ", m->name);
    for (const char *p = m->help; *p; p++) {
        if (*p == '\n')
            buf_append_str(out, "\\n");
        else if (*p == '\\')
            buf_append_str(out, "\\\\");
        else
            buf_append_char(out, *p);
    }
    buf_printf(out, "\n# TYPE %s %s\n", m->name, kinds[m->kind]);
}

void metrics_render(struct buf *out)
{
    const char *last = "";

    metrics_read_process();
    (void)pthread_mutex_lock(&registry.lock);
    for (const struct metric *m = registry.first; m; m = m->next) {
        if (strcmp(m->name, last) != 0)
            append_head(out, m);
        last = m->name;
        if (m->kind == HISTOGRAM)
            append_histogram(out, m);
        else
            append_sample(out, m, "", NULL, metric_value(m));
    }
    (void)pthread_mutex_unlock(&registry.lock);
}

void metrics_label(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s%s=\"", out->size ? "," : "", name);
    for (; *value; value++) {
        if (*value == '\n')
            buf_append_str(out, "\\n");
        else if (*value == '"' || *value == '\\')
            buf_printf(out, "\\%c", *value);
        else
            buf_append_char(out, *value);
    }
    buf_append_char(out, '"');
}
