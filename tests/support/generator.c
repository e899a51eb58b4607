/* generator.c - see generator.h. */
#include "tests/support/generator.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/envelope.h"
#include "tests/support/fake_drawer.h"
#include "tests/support/process.h"

enum { WAIT_MS = 60000, STEP_MS = 10, PUBLISH_MS = 20000, RECORDS = 500 };

static void must(int r, const struct err *err, const char *doing)
{
    if (r < 0)
        test_fail("%s: %s", doing, err->text);
}

static void wait_step(int64_t deadline_ms, const char *what)
{
    if (clock_mono_ms() > deadline_ms)
        test_fail("%s has not come", what);
    (void)poll(NULL, 0, STEP_MS);
}

/* A topic that was made a moment ago may not have a leader yet. */
int generator_partitions(struct generator *g, const char *topic,
                         struct bus_partition_info infos[GENERATOR_PARTITIONS])
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    for (;;) {
        struct err err = {0};
        int count = bus_topic_info(g->bus, topic, infos, GENERATOR_PARTITIONS, 10000, &err);

        if (count >= 0)
            return count;
        wait_step(deadline_ms, topic);
    }
}

static int64_t start_latest(void *ctx, const char *topic, int32_t partition, struct err *err)
{
    int *assigned = ctx;

    (void)topic;
    (void)partition;
    (void)err;
    (*assigned)++;
    return BUS_START_LATEST;
}

/* The group begins where the topic ends now. */
static void set_offsets(struct generator *g)
{
    static const char *const topics[] = {TOPIC_GENERATION_REQUESTS};
    struct bus_partition_info infos[GENERATOR_PARTITIONS];
    int count = generator_partitions(g, TOPIC_GENERATION_REQUESTS, infos), assigned = 0;
    const struct bus_consumer_conf conf = {.group = g->group,
                                           .topics = topics,
                                           .topic_count = 1,
                                           .on_assigned = start_latest,
                                           .ctx = &assigned};
    struct err err = {0};
    OWNED(bus_consumer) member = bus_consumer_new(g->bus, &conf, &err);
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    must(err.code, &err, "joining the group");
    while (assigned < count) {
        must(bus_consumer_poll(member, NULL, 0, 50, &err), &err, "joining the group");
        wait_step(deadline_ms, "the group's partitions");
    }
    for (int i = 0; i < count; i++)
        must(bus_consumer_commit(member, TOPIC_GENERATION_REQUESTS, infos[i].partition,
                                 infos[i].high, &err),
             &err, "committing");
}

static void open_view(struct generator *g)
{
    static const char *const topics[] = {TOPIC_GENERATION_EVENTS};
    static int assigned;
    const struct bus_consumer_conf conf = {
        .topics = topics, .topic_count = 1, .on_assigned = start_latest, .ctx = &assigned};
    struct err err = {0};
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    g->view = bus_consumer_new(g->bus, &conf, &err);
    must(err.code, &err, "following the events");
    while (assigned < 4) {
        must(bus_consumer_poll(g->view, NULL, 0, 20, &err), &err, "following the events");
        wait_step(deadline_ms, "the view's partitions");
    }
}

static void note_starts(struct generator *g)
{
    struct bus_partition_info infos[GENERATOR_PARTITIONS];
    int count = generator_partitions(g, TOPIC_OBJECTS, infos);

    for (int i = 0; i < count; i++)
        g->object_start[infos[i].partition] = infos[i].high;
    (void)generator_partitions(g, TOPIC_DEAD_LETTERS, infos);
    g->dead_start = infos[0].high;
}

void generator_prepare(struct generator *g, const char *bus)
{
    struct err err = {0};

    memset(g, 0, sizeof *g);
    g->conf = (struct garden_conf){
        .data = folder_new(), .bus = bus ? bus : "local", .store = "fs", .catalog = "sqlite"};
    (void)snprintf(g->group, sizeof g->group, "GENERATOR_GROUP=g-%d-%lld", (int)getpid(),
                   (long long)clock_wall_ms());
    (void)snprintf(g->log, sizeof g->log, "%s/generator.log", g->conf.data);
    (void)snprintf(g->settings[0], sizeof *g->settings, "GARDEN_DATA=%s", g->conf.data);
    (void)snprintf(g->settings[1], sizeof *g->settings, "GARDEN_BUS=%s", g->conf.bus);
    (void)snprintf(g->settings[2], sizeof *g->settings, "%s", g->group);
    memmove(g->group, strchr(g->group, '=') + 1, strlen(strchr(g->group, '=')));
    for (int i = 0; i < 3; i++)
        g->env[i] = g->settings[i];
    g->bus = garden_open_bus(&g->conf, "test", &err);
    g->store = g->bus ? garden_open_store(&g->conf, &err) : NULL;
    g->http = g->store ? http_client_new(&err) : NULL;
    must(err.code, &err, "opening the engines");
    must(bus_create_topics(g->bus, garden_topics, garden_topic_count, &err), &err, "topics");
    note_starts(g);
    set_offsets(g);
    open_view(g);
}

void generator_set(struct generator *g, const char *setting)
{
    size_t i = 0;

    while (g->env[i])
        i++;
    if (i + 3 > sizeof g->env / sizeof *g->env)
        test_fail("too many settings");
    g->env[i] = setting;
}

/* -- processes ------------------------------------------------------------------------------
 */

void generator_launch(struct generator *g, int i, const char *model)
{
    const char *argv[] = {model ? program_path("generator-gpu") : "/proc/self/exe", NULL};
    const char *env[20];
    char chosen[512];
    int port = port_free(), n = 0;

    (void)snprintf(g->listen[i], sizeof g->listen[i], "GENERATOR_LISTEN=127.0.0.1:%d", port);
    (void)snprintf(g->url[i], sizeof g->url[i], "http://127.0.0.1:%d", port);
    (void)snprintf(chosen, sizeof chosen, "GENERATOR_MODEL=%s", model ? model : "");
    for (; g->env[n]; n++)
        env[n] = g->env[n];
    env[n++] = g->listen[i];
    env[n++] = model ? chosen : fake_drawer_setting();
    env[n] = NULL;
    g->pid[i] = process_start(argv, env, g->log);
}

void generator_wait_ready(struct generator *g, int i)
{
    char url[96];

    (void)snprintf(url, sizeof url, "%s/readyz", g->url[i]);
    http_wait(url, 200, WAIT_MS);
}

void generator_start(struct generator *g, int i, const char *model)
{
    generator_launch(g, i, model);
    generator_wait_ready(g, i);
}

void generator_stop(struct generator *g, int i)
{
    int status = process_end(g->pid[i], SIGTERM, WAIT_MS);

    g->pid[i] = 0;
    if (status != 0)
        test_fail("the generator ended with status %d; see %s", status, g->log);
}

void generator_kill(struct generator *g, int i)
{
    if (g->pid[i])
        (void)process_end(g->pid[i], SIGKILL, WAIT_MS);
    g->pid[i] = 0;
}

void generator_done(struct generator *g)
{
    for (int i = 0; i < GENERATOR_PROCESSES; i++)
        generator_kill(g, i);
    for (size_t i = 0; i < g->told_count; i++)
        buf_done(&g->told[i].storage);
    free(g->told);
    http_client_free(g->http);
    bus_consumer_free(g->view);
    store_free(g->store);
    bus_free(g->bus);
}

/* -- asking ---------------------------------------------------------------------------------
 */

struct generation_request generator_request(const char *job_id, const char *prompt,
                                            const struct generation_output *output)
{
    return (struct generation_request){.job_id = job_id,
                                       .dedupe_id = job_id,
                                       .priority = GENERATION_INTERACTIVE,
                                       .timestamp_ms = clock_wall_ms(),
                                       .prompt = prompt,
                                       .negative_prompt = "",
                                       .guidance = 7.5,
                                       .seed = 42,
                                       .outputs = output,
                                       .output_count = 1};
}

/* The job's id on the bus. */
static void id_of(const struct generator *g, const char *job_id, char ret[128])
{
    (void)snprintf(ret, 128, "%.60s.%.60s", g->group, job_id);
}

static void publish(struct generator *g, const char *topic, const char *key, const char *type,
                    const struct buf *value)
{
    struct envelope envelope;
    struct err err = {0};
    struct bus_record record = {.topic = topic,
                                .key = key,
                                .key_size = strlen(key),
                                .value = value->data,
                                .value_size = value->size,
                                .headers = envelope.headers,
                                .header_count = ENVELOPE_HEADERS};

    envelope_fill(&envelope, type, "/test", NULL, clock_wall_ms(), NULL);
    must(bus_publish(g->bus, &record, 1, PUBLISH_MS, &err), &err, "publishing");
}

void generator_ask(struct generator *g, const struct generation_request *request)
{
    struct generation_request copy = *request;
    OWNED_VALUE(buf) value = {0};
    struct err err = {0};
    char id[128];

    id_of(g, request->job_id, id);
    copy.job_id = id;
    must(generation_request_encode(&value, &copy, &err), &err, "a request");
    publish(g, TOPIC_GENERATION_REQUESTS, request->dedupe_id, EVENT_GENERATION_REQUESTED,
            &value);
}

void generator_tell(struct generator *g, const struct generation_event *event)
{
    struct generation_event copy = *event;
    OWNED_VALUE(buf) value = {0};
    struct err err = {0};
    char id[128];

    id_of(g, event->job_id, id);
    copy.job_id = id;
    must(generation_event_encode(&value, &copy, &err), &err, "an event");
    publish(g, TOPIC_GENERATION_EVENTS, id, EVENT_GENERATION_PROGRESSED, &value);
}

/* -- following ------------------------------------------------------------------------------
 */

static void keep(struct generator *g, const struct bus_record *record)
{
    struct told *told;
    struct err err = {0};

    if (g->told_count == g->told_room) {
        g->told_room = g->told_room ? 2 * g->told_room : 256;
        g->told = realloc(g->told, g->told_room * sizeof *g->told);
        if (!g->told)
            test_fail("no memory");
    }
    told = &g->told[g->told_count];
    memset(told, 0, sizeof *told);
    must(generation_event_decode(record->value, record->value_size, &told->event,
                                 &told->storage, &err),
         &err, "an event");
    if (!text_starts_with(told->event.job_id, g->group)) { /* another test's */
        buf_done(&told->storage);
        return;
    }
    told->event.job_id += strlen(g->group) + 1;
    g->told_count++;
}

static void read_events(struct generator *g)
{
    struct bus_record records[RECORDS];
    struct err err = {0};
    int count;

    while ((count = bus_consumer_poll(g->view, records, RECORDS, 5, &err)) > 0)
        for (int i = 0; i < count; i++)
            keep(g, &records[i]);
    if (count < 0 && err.code != ERR_UNAVAILABLE)
        must(count, &err, "reading the events");
}

static size_t count_of(const struct generator *g, const char *job_id,
                       enum generation_event_type type,
                       const struct generation_event **ret_last)
{
    size_t count = 0;

    for (size_t i = 0; i < g->told_count; i++)
        if (g->told[i].event.type == type &&
            (!job_id || strcmp(g->told[i].event.job_id, job_id) == 0)) {
            *ret_last = &g->told[i].event;
            count++;
        }
    return count;
}

size_t generator_count(struct generator *g, const char *job_id, enum generation_event_type type)
{
    const struct generation_event *last = NULL;

    read_events(g);
    return count_of(g, job_id, type, &last);
}

const struct generation_event *generator_wait(struct generator *g, const char *job_id,
                                              enum generation_event_type type, size_t count)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
    const struct generation_event *last = NULL;
    char what[512];

    (void)snprintf(what, sizeof what, "%zu '%s' of job %s (see %s)", count,
                   generation_event_names[type], job_id ? job_id : "any", g->log);
    for (;;) {
        read_events(g);
        if (count_of(g, job_id, type, &last) >= count)
            return last;
        wait_step(deadline_ms, what);
    }
}

int64_t generator_lag(struct generator *g)
{
    struct bus_partition_info infos[GENERATOR_PARTITIONS];
    int count = generator_partitions(g, TOPIC_GENERATION_REQUESTS, infos);
    struct err err = {0};
    int64_t lag = 0;

    for (int i = 0; i < count; i++) {
        int64_t offset = 0;

        must(bus_group_offset(g->bus, g->group, TOPIC_GENERATION_REQUESTS, infos[i].partition,
                              &offset, &err),
             &err, "asking for an offset");
        lag += infos[i].high - (offset > 0 ? offset : 0);
    }
    return lag;
}

void generator_wait_committed(struct generator *g)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (generator_lag(g) > 0)
        wait_step(deadline_ms, "the commit of all");
}

static int ask_http(struct generator *g, int i, const char *path, struct buf *ret_body)
{
    char url[128];
    const struct http_client_request request = {
        .method = "GET", .url = url, .deadline_ms = 5000, .max_body_bytes = 1 << 20};

    (void)snprintf(url, sizeof url, "%s%s", g->url[i], path);
    return http_ask(g->http, &request, ret_body);
}

double generator_figure(struct generator *g, int i, const char *name)
{
    OWNED_VALUE(buf) body = {0};
    const char *line;

    (void)ask_http(g, i, "/metrics", &body);
    for (line = buf_text(&body); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (text_starts_with(line, name) && line[strlen(name)] == ' ')
            return strtod(line + strlen(name), NULL);
    }
    return -1;
}

void generator_wait_figure(struct generator *g, int i, const char *name, double least)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (generator_figure(g, i, name) < least)
        wait_step(deadline_ms, name);
}

void generator_wait_answer(struct generator *g, int i, int status, const char *text)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
    OWNED_VALUE(buf) body = {0};

    while (ask_http(g, i, "/readyz", &body) != status || !strstr(buf_text(&body), text))
        wait_step(deadline_ms, text);
}
