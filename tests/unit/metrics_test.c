/* metrics_test.c - what Prometheus reads is what was counted. */
#include "lib/metrics/metrics.h"

#include <math.h>
#include <pthread.h>
#include <time.h>

#include "tests/test.h"

/* The lines about one metric. */
static const char *lines_of(struct buf *all, const char *name, struct buf *out)
{
    buf_clear(all);
    metrics_render(all);
    CHECK(buf_ok(all));
    for (const char *line = buf_text(all); *line;) {
        size_t size = strcspn(line, "\n") + 1;
        const char *start = line[0] == '#' ? line + 7 : line;

        if (strncmp(start, name, strlen(name)) == 0)
            buf_append(out, line, size);
        line += size;
    }
    return buf_text(out);
}

TEST(a_counter_counts)
{
    OWNED_VALUE(buf) all = {0};
    OWNED_VALUE(buf) out = {0};
    struct metric *m = metric_counter("test_things_total", "Things.", NULL);

    metric_add(m, 1);
    metric_add(m, 2.5);
    CHECK(metric_value(m) == 3.5);
    CHECK_STR(lines_of(&all, "test_things_total", &out), "# HELP test_things_total Things.\n"
                                                         "# TYPE test_things_total counter\n"
                                                         "test_things_total 3.5\n");
}

TEST(label_sets_share_one_head_and_are_sorted)
{
    OWNED_VALUE(buf) all = {0};
    OWNED_VALUE(buf) out = {0};
    char labels[] = "code=\"500\"";

    metric_add(metric_counter("test_b_total", "B.", labels), 1);
    labels[6] = '2'; /* it was copied */
    metric_add(metric_counter("test_b_total", "B.", labels), 7);
    metric_set(metric_gauge("test_a", "A.", NULL), -1);
    CHECK_STR(lines_of(&all, "test_", &out), "# HELP test_a A.\n"
                                             "# TYPE test_a gauge\n"
                                             "test_a -1\n"
                                             "# HELP test_b_total B.\n"
                                             "# TYPE test_b_total counter\n"
                                             "test_b_total{code=\"200\"} 7\n"
                                             "test_b_total{code=\"500\"} 1\n");
}

TEST(the_same_arguments_give_the_same_metric)
{
    struct metric *m = metric_gauge("test_x", "X.", "a=\"b\"");

    CHECK(metric_gauge("test_x", "X.", "a=\"b\"") == m);
    CHECK(metric_gauge("test_x", "X.", "a=\"c\"") != m);
    CHECK(metric_gauge("test_x", "X.", NULL) == metric_gauge("test_x", "X.", ""));
}

TEST(a_name_has_one_kind)
{
    OWNED_VALUE(buf) all = {0};
    OWNED_VALUE(buf) out = {0};

    metric_set(metric_gauge("test_x", "X.", NULL), 5);
    metric_add(metric_counter("test_x", "X.", NULL), 1); /* goes nowhere */
    metric_observe(metric_histogram("test_x", "X.", NULL, metric_seconds_bounds, 2), 1);
    CHECK_STR(lines_of(&all, "test_x", &out),
              "# HELP test_x X.\n# TYPE test_x gauge\ntest_x 5\n");
}

TEST(a_histogram_adds_up)
{
    static const double bounds[] = {0.1, 1, 2.5};
    OWNED_VALUE(buf) all = {0};
    OWNED_VALUE(buf) out = {0};
    struct metric *m = metric_histogram("test_h_seconds", "H.", "r=\"x\"", bounds, 3);

    metric_observe(m, 0.0625);
    metric_observe(m, 0.1); /* a bound is inclusive */
    metric_observe(m, 2);
    metric_observe(m, 100);
    CHECK(metric_value(m) == 4);
    CHECK_STR(lines_of(&all, "test_h_seconds", &out),
              "# HELP test_h_seconds H.\n"
              "# TYPE test_h_seconds histogram\n"
              "test_h_seconds_bucket{r=\"x\",le=\"0.1\"} 2\n"
              "test_h_seconds_bucket{r=\"x\",le=\"1\"} 2\n"
              "test_h_seconds_bucket{r=\"x\",le=\"2.5\"} 3\n"
              "test_h_seconds_bucket{r=\"x\",le=\"+Inf\"} 4\n"
              "test_h_seconds_sum{r=\"x\"} 102.1625\n"
              "test_h_seconds_count{r=\"x\"} 4\n");
}

TEST(a_histogram_without_labels_has_only_its_bounds)
{
    OWNED_VALUE(buf) all = {0};
    OWNED_VALUE(buf) out = {0};

    (void)metric_histogram("test_h", "H.", NULL, metric_seconds_bounds,
                           metric_seconds_bound_count);
    CHECK_HAS(lines_of(&all, "test_h", &out), "test_h_bucket{le=\"0.0005\"} 0\n");
    CHECK_HAS(buf_text(&out), "test_h_bucket{le=\"30\"} 0\ntest_h_bucket{le=\"+Inf\"} 0\n"
                              "test_h_sum 0\ntest_h_count 0\n");
}

TEST(numbers_read_back_as_they_were)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {1e15, "1e+15"},
                 {123456789, "123456789"},
                 {1.0 / 3, "0.3333"},
                 {INFINITY, "+Inf"},
                 {-INFINITY, "-Inf"},
                 {NAN, "NaN"},
                 {1700000000.125, "1700000000.125"}};
    struct metric *m = metric_gauge("test_n", "N.", NULL);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_VALUE(buf) all = {0};
        OWNED_VALUE(buf) out = {0};
        const char *value;

        metric_set(m, cases[i].value);
        value = strstr(lines_of(&all, "test_n", &out), "\ntest_n ") + 8;
        CHECK_HAS(value, cases[i].text);
        CHECK(isnan(cases[i].value) || strtod(value, NULL) == cases[i].value);
    }
}

TEST(labels_are_escaped)
{
    OWNED_VALUE(buf) out = {0};

    metrics_label(&out, "route", "/a\"b\\c\nd");
    metrics_label(&out, "code", "200");
    CHECK_STR(buf_text(&out), "route=\"/a\\\"b\\\\c\\nd\",code=\"200\"");
}

TEST(the_process_shows_itself)
{
    OWNED_VALUE(buf) all = {0};
    OWNED_VALUE(buf) out = {0};
    const char *start, *memory;

    (void)lines_of(&all, "process_", &out);
    memory = strstr(buf_text(&out), "\nprocess_resident_memory_bytes ");
    CHECK(memory != NULL);
    CHECK(strtod(memory + 31, NULL) > 100000);
    start = strstr(buf_text(&out), "\nprocess_start_time_seconds ");
    CHECK(start != NULL);
    CHECK(fabs(strtod(start + 28, NULL) - (double)time(NULL)) < 60);
    CHECK_HAS(buf_text(&out), "# TYPE process_cpu_seconds_total counter\n");
    CHECK_HAS(buf_text(&out), "\nprocess_open_fds ");
}

enum { THREADS = 4, ADDS = 50000 };

static void *add_many(void *ctx)
{
    static const double bounds[] = {1};

    (void)ctx;
    for (int i = 0; i < ADDS; i++) {
        metric_add(metric_counter("test_shared_total", "S.", NULL), 0.5);
        metric_observe(metric_histogram("test_shared_h", "S.", NULL, bounds, 1), i % 2 * 2);
    }
    return NULL;
}

TEST(no_update_is_lost_between_threads)
{
    static const double bounds[] = {1};
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, add_many, NULL), ==, 0);
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    CHECK(metric_value(metric_counter("test_shared_total", "S.", NULL)) ==
          THREADS * ADDS * 0.5);
    CHECK(metric_value(metric_histogram("test_shared_h", "S.", NULL, bounds, 1)) ==
          THREADS * ADDS);
}
