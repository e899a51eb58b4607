/* recommender_serve.c - how long a visitor waits for recommendations when there are 100,000
 * pictures, 1,000,000 visitors and 1,000,000 likes, and 2,000 ask in a second.
 *
 * Fills the topics of a local bus, starts recommender-proxy on it, waits until it has learnt,
 * and asks GET /v1/users/{id}/recommendations over keep-alive connections, one visitor in
 * twenty unknown, at a fixed rate whether answers come or not (open loop): each answer's time
 * counts from when its question was meant to be sent. This client is one thread beside the
 * service on the same cores. Where the machine is a virtual one whose host took its cores away
 * meanwhile, it asks for up to five rounds, and the least disturbed one is told. At the end the
 * service is started once more, from its snapshot. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "proto/interaction_event.h"
#include "proto/item_event.h"
#include "proto/topics.h"
#include "proto/user_event.h"
#include "services/common/garden_conf.h"
#include "tests/support/figure.h"
#include "tests/support/process.h"
#include "tests/support/random.h"

enum {
    ITEMS = 100000,
    USERS = 1000000,
    LIKES = 1000000,
    RATE = 2000,
    WARM_S = 1,
    SECONDS = 10,
    ROUNDS = 5,
    CONNECTIONS = 32,
    WANTED = 30, /* pictures in an answer */
    BATCH = 5000,
    ANSWER_MAX = 1 << 17,
    READY_MS = 600000
};

static const double STOLEN_MOST = 0.003; /* of the processors' time: a quiet round */
static const char name[] = "recommender_serve";
static const char *const seasons[] = {"spring", "summer", "autumn", "winter"};
static const char *const weathers[] = {"sunny", "cloudy", "rainy", "snowy"};
static const char *const times[] = {"day", "sunset", "the-middle-of-the-night",
                                    "the-early-dawn"};

static void check(int r, const struct err *err)
{
    if (r < 0 || err->code < 0)
        give_up(name, err->text);
}

/* -- what the topics say --------------------------------------------------------------------
 */

struct filler {
    struct bus *bus;
    const char *topic;
    struct bus_record records[BATCH];
    struct buf values[BATCH];
    char keys[BATCH][160];
    size_t count;
};

static void flush_batch(struct filler *f)
{
    struct err err = {0};

    if (f->count > 0)
        check(bus_publish(f->bus, f->records, f->count, 60000, &err), &err);
    f->count = 0;
}

/* Where the next value goes; its key is to be in f->keys[f->count] by then. */
static struct buf *value_of(struct filler *f)
{
    buf_clear(&f->values[f->count]);
    return &f->values[f->count];
}

static void put(struct filler *f)
{
    const size_t i = f->count++;

    f->records[i] = (struct bus_record){.topic = f->topic,
                                        .key = f->keys[i],
                                        .key_size = strlen(f->keys[i]),
                                        .value = f->values[i].data,
                                        .value_size = f->values[i].size};
    if (f->count == BATCH)
        flush_batch(f);
}

static void search_key(uint32_t i, char *ret, size_t size)
{
    (void)snprintf(ret, size, "%s/%s,%s,%s", emotion_names[i % 8], seasons[i / 8 % 4],
                   weathers[i / 32 % 4], times[i / 128 % 4]);
}

static void item_key(uint32_t i, char *ret, size_t size)
{
    char asked[64];

    search_key(i, asked, sizeof asked);
    (void)snprintf(ret, size, "emotions/%s/img_20260101-%06u_0%c.jpeg", asked, i,
                   i / 512 % 2 ? 'v' : 'h');
}

static void fill_items(struct filler *f, uint32_t items)
{
    struct err err = {0};

    f->topic = TOPIC_ITEMS;
    for (uint32_t i = 0; i < items; i++) {
        char asked[64], sha256[65], *key = f->keys[f->count];
        struct item_event event = {.item_id = key,
                                   .timestamp_ms = clock_wall_ms() - 86400000LL * (i % 400),
                                   .emotion = asked,
                                   .width = 1280,
                                   .height = 800,
                                   .size_bytes = 200000,
                                   .sha256 = sha256};

        search_key(i, asked, sizeof asked);
        item_key(i, key, sizeof f->keys[0]);
        event.orientation = i / 512 % 2 ? 'v' : 'h';
        (void)snprintf(sha256, sizeof sha256, "%064llx", (i + 1) * 0x9E3779B97F4A7C15ULL);
        check(item_event_encode(value_of(f), &event, &err), &err);
        put(f);
    }
    flush_batch(f);
}

static void fill_users(struct filler *f, uint32_t users)
{
    struct random random = random_of(1, 1);
    struct err err = {0};

    f->topic = TOPIC_USERS;
    for (uint32_t u = 0; u < users; u++) {
        char *key = f->keys[f->count];
        const struct user_event event = {.user_id = key,
                                         .generation =
                                             user_generations[random_below(&random, 7)],
                                         .gender = user_genders[random_below(&random, 2)],
                                         .emotion = emotion_names[u % 8],
                                         .source = USER_SOURCE_ANALYSIS,
                                         .timestamp_ms = clock_wall_ms() - 1000};

        (void)snprintf(key, sizeof f->keys[0], "visitor-%07u", u);
        check(user_event_encode(value_of(f), &event, &err), &err);
        put(f);
    }
    flush_batch(f);
}

/* Few pictures have many likes; half of the visitors have none. */
static void fill_likes(struct filler *f, uint32_t likes, uint32_t users, uint32_t items)
{
    struct random random = random_of(1, 2);
    struct err err = {0};

    f->topic = TOPIC_INTERACTIONS;
    for (uint32_t n = 0; n < likes; n++) {
        uint32_t user = random_below(&random, users / 2 + 1);
        double u = random_unit(&random);
        uint32_t first = (uint32_t)(u * u * u * (items / 8.0 - 3)) * 8 + user % 8;
        char shown[3][160], event_id[32], asked[64], *key = f->keys[f->count];
        const char *const impression[] = {shown[0], shown[1], shown[2]};
        const struct interaction_event event = {.user_id = key,
                                                .item_id = shown[0],
                                                .type = INTERACTION_LIKE,
                                                .impression = impression,
                                                .impression_count = 3,
                                                .timestamp_ms = clock_wall_ms() - 1000000 + n,
                                                .event_id = event_id,
                                                .asked = asked,
                                                .recommendation_id = ""};

        (void)snprintf(key, sizeof f->keys[0], "visitor-%07u", user);
        (void)snprintf(event_id, sizeof event_id, "event-%u", n);
        search_key(first, asked, sizeof asked);
        for (uint32_t i = 0; i < 3; i++)
            item_key(first + 8 * i, shown[i], sizeof shown[i]);
        check(interaction_event_encode(value_of(f), &event, &err), &err);
        put(f);
    }
    flush_batch(f);
}

static void fill(const char *data, double scale)
{
    struct filler *f = calloc(1, sizeof *f);
    struct err err = {0};
    double start = figure_now_s();

    if (!f)
        give_up(name, "no memory");
    (void)setenv("GARDEN_DATA", data, 1);

    struct garden_conf conf;

    check(garden_conf_load(&conf, &err), &err);
    f->bus = garden_open_bus(&conf, name, &err);
    check(0, &err);
    check(bus_create_topics(f->bus, garden_topics, garden_topic_count, &err), &err);
    fill_items(f, (uint32_t)(ITEMS * scale));
    fill_users(f, (uint32_t)(USERS * scale));
    fill_likes(f, (uint32_t)(LIKES * scale), (uint32_t)(USERS * scale),
               (uint32_t)(ITEMS * scale));
    for (int i = 0; i < BATCH; i++)
        buf_done(&f->values[i]);
    bus_free(f->bus);
    free(f);
    (void)fprintf(stderr, "topics filled in %.1f s\n", figure_now_s() - start);
}

/* -- asking ---------------------------------------------------------------------------------
 */

struct connection {
    int fd;
    bool busy;
    int64_t intended_ns;
    size_t got, need; /* need 0: the head is not whole yet */
    char data[ANSWER_MAX];
};

struct client {
    struct connection connections[CONNECTIONS];
    int epoll, port, next;
    uint32_t users;
    struct random random;
    int64_t *times_ns; /* of the answers that count */
    size_t count, wrong, sent;
    double bytes;
};

static void open_connection(struct client *c, struct connection *connection)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)c->port),
                                        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int on = 1;

    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        fcntl(connection->fd, F_SETFL, O_NONBLOCK) < 0 ||
        epoll_ctl(c->epoll, EPOLL_CTL_ADD, connection->fd, &event) < 0)
        give_up(name, strerror(errno));
}

static void ask(struct client *c, struct connection *connection, int64_t intended_ns)
{
    char text[512], asked[64], user[32];
    uint32_t u = random_below(&c->random, c->users);
    int size;

    search_key(random_below(&c->random, 512), asked, sizeof asked);
    (void)snprintf(user, sizeof user, "%s-%07u",
                   random_below(&c->random, 20) ? "visitor" : "stranger", u);
    size = snprintf(text, sizeof text,
                    "GET /v1/users/%s/recommendations?emotion=%s&n=%d HTTP/1.1\r\n"
                    "Host: 127.0.0.1:%d\r\n\r\n",
                    user, asked, WANTED, c->port);
    if (send(connection->fd, text, (size_t)size, MSG_NOSIGNAL) != size)
        give_up(name, "a question could not be sent");
    connection->busy = true;
    c->next = (int)(connection - c->connections + 1) % CONNECTIONS;
    connection->intended_ns = intended_ns;
    connection->got = connection->need = 0;
    c->sent++;
}

/* The whole size of the answer, 0 where its head is not there yet. */
static size_t whole_size(const struct connection *connection)
{
    const char *end = memmem(connection->data, connection->got, "\r\n\r\n", 4);
    const char *length = end ? strcasestr(connection->data, "content-length:") : NULL;

    if (!end)
        return 0;
    if (!length || length > end)
        give_up(name, "an answer does not say how long it is");
    return (size_t)(end - connection->data) + 4 +
           strtoul(length + strlen("content-length:"), NULL, 10);
}

static void take(struct client *c, struct connection *connection)
{
    ssize_t n = recv(connection->fd, connection->data + connection->got,
                     sizeof connection->data - 1 - connection->got, 0);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        give_up(name, "the service closed a connection, or answered too much");
    connection->got += (size_t)n;
    connection->data[connection->got] = '\0';
    if (connection->need == 0)
        connection->need = whole_size(connection);
    if (connection->need == 0 || connection->got < connection->need)
        return;
    if (connection->intended_ns >= 0)
        c->times_ns[c->count++] = clock_mono_ns() - connection->intended_ns;
    c->wrong += strncmp(connection->data, "HTTP/1.1 200 ", 13) != 0;
    c->bytes += (double)connection->got;
    connection->busy = false;
}

/* In turn: one that is never used is closed. */
static struct connection *idle_connection(struct client *c)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &c->connections[(c->next + i) % CONNECTIONS];

        if (!connection->busy)
            return connection;
    }
    return NULL;
}

static void wait_for_answers(struct client *c, int64_t until_ns)
{
    struct epoll_event events[CONNECTIONS];
    int64_t left = until_ns - clock_mono_ns();
    const struct timespec wait = {.tv_sec = left > 0 ? left / 1000000000 : 0,
                                  .tv_nsec = left > 0 ? left % 1000000000 : 0};
    int n = epoll_pwait2(c->epoll, events, CONNECTIONS, &wait, NULL);

    for (int i = 0; i < n; i++)
        take(c, events[i].data.ptr);
}

/* Questions at start + k / RATE; one that finds no free connection is sent once there is one.
 */
static void ask_all(struct client *c)
{
    const int64_t step = 1000000000 / RATE, start = clock_mono_ns();
    const int64_t total = (int64_t)RATE * (WARM_S + SECONDS), warm = (int64_t)RATE * WARM_S;
    int64_t k = 0;

    while (k < total || c->count < (size_t)(total - warm)) {
        int64_t due = start + k * step;
        struct connection *connection = k < total ? idle_connection(c) : NULL;

        if (connection && clock_mono_ns() >= due) {
            ask(c, connection, due);
            if (k++ < warm)
                connection->intended_ns = -1;
        }
        wait_for_answers(c, connection ? start + k * step : clock_mono_ns() + 50000000);
        if (clock_mono_ns() - start > 60 * 1000000000LL)
            give_up(name, "the service is much too slow for this rate");
    }
}

/* Processor seconds of the service so far. */
static double cpu_of(pid_t pid)
{
    OWNED_VALUE(buf) stat = {0};
    char path[64];
    const char *at;
    char *end;
    double ticks;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    file_load(path, &stat);
    at = strrchr(buf_text(&stat), ')');
    for (int field = 2; at && field < 14; field++) /* utime and stime are 14 and 15 */
        at = strchr(at + 1, ' ');
    if (!at)
        give_up(path, "has no times");
    ticks = (double)strtoul(at, &end, 10);
    ticks += (double)strtoul(end, NULL, 10);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static double part_ms(const struct client *c, double part)
{
    return 1e-6 * (double)c->times_ns[(size_t)(part * (double)(c->count - 1))];
}

struct round {
    double rate, p50_ms, p99_ms, p999_ms, cpu_us, bytes, wrong;
    double stolen; /* of the processors' time */
};

static struct round ask_a_round(struct client *c, pid_t pid)
{
    const double cpu = cpu_of(pid), stolen = figure_stolen_s(), start = figure_now_s();
    struct round round;
    double seconds, sent;

    c->count = c->wrong = c->sent = 0;
    c->bytes = 0;
    ask_all(c);
    seconds = figure_now_s() - start;
    sent = (double)c->sent;
    qsort(c->times_ns, c->count, sizeof *c->times_ns, by_time);
    round = (struct round){.rate = sent / seconds,
                           .p50_ms = part_ms(c, 0.5),
                           .p99_ms = part_ms(c, 0.99),
                           .p999_ms = part_ms(c, 0.999),
                           .cpu_us = 1e6 * (cpu_of(pid) - cpu) / sent,
                           .bytes = c->bytes / sent,
                           .wrong = (double)c->wrong,
                           .stolen = (figure_stolen_s() - stolen) / seconds /
                                     (double)sysconf(_SC_NPROCESSORS_ONLN)};
    (void)fprintf(stderr, "a round: p99 %.2f ms, %.1f %% of the processors' time stolen\n",
                  round.p99_ms, 100 * round.stolen);
    return round;
}

static struct client *new_client(int port, uint32_t users)
{
    struct client *c = calloc(1, sizeof *c);

    if (!c)
        give_up(name, "no memory");
    *c = (struct client){.epoll = epoll_create1(EPOLL_CLOEXEC),
                         .port = port,
                         .users = users,
                         .random = random_of(2, 0),
                         .times_ns = calloc((size_t)RATE * SECONDS + 1, sizeof(int64_t))};
    if (c->epoll < 0 || !c->times_ns)
        give_up(name, "no memory");
    for (int i = 0; i < CONNECTIONS; i++)
        open_connection(c, &c->connections[i]);
    return c;
}

static void bench_answers(pid_t pid, int port, uint32_t users)
{
    struct client *c = new_client(port, users);
    struct round best = ask_a_round(c, pid);

    for (int i = 1; i < ROUNDS && best.stolen > STOLEN_MOST; i++) {
        const struct round round = ask_a_round(c, pid);

        if (round.stolen < best.stolen)
            best = round;
    }
    figure("serving-rate", best.rate, "answers/s", AT_LEAST, 0.98 * RATE);
    figure("serving-p99", best.p99_ms, "ms", AT_MOST, 5);
    figure_seen("serving-p50", best.p50_ms, "ms");
    figure_seen("serving-p999", best.p999_ms, "ms");
    figure_seen("serving-processor", best.cpu_us, "us/answer");
    figure_seen("serving-bytes", best.bytes, "bytes/answer");
    figure_seen("serving-stolen", 100 * best.stolen, "%");
    figure("serving-refused", best.wrong, "answers", AT_MOST, 0);
    for (int i = 0; i < CONNECTIONS; i++)
        (void)close(c->connections[i].fd);
    (void)close(c->epoll);
    free(c->times_ns);
    free(c);
}

/* -- the service ----------------------------------------------------------------------------
 */

static pid_t start_service(const char *data, int port, double *ret_seconds)
{
    const char *const argv[] = {program_path("recommender-proxy"), NULL};
    char data_env[4096], listen_env[64], url[64], log[4096];
    /* There are no pictures here to be looked at. */
    const char *const env[] = {data_env, listen_env, "GARDEN_BUS=local", "RECOMMENDER_LOOKS=0",
                               NULL};
    double start = figure_now_s();
    pid_t pid;

    (void)snprintf(data_env, sizeof data_env, "GARDEN_DATA=%s", data);
    (void)snprintf(listen_env, sizeof listen_env, "RECOMMENDER_LISTEN=127.0.0.1:%d", port);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/readyz", port);
    (void)snprintf(log, sizeof log, "%s/recommender.log", data);
    pid = process_start(argv, env, log);
    http_wait(url, 200, READY_MS);
    *ret_seconds = figure_now_s() - start;
    return pid;
}

int main(void)
{
    double scale = figure_scale(), seconds;
    const char *data = folder_new();
    int port = port_free();
    pid_t pid;

    fill(data, scale);
    pid = start_service(data, port, &seconds);
    figure_seen("serving-start-from-topics", seconds, "s");
    figure_seen("serving-start-from-topics-processor", cpu_of(pid), "s");
    bench_answers(pid, port, (uint32_t)(USERS * scale));
    figure_seen("serving-resident", 1.024e-3 * (double)process_resident_kib(pid, false), "MB");
    (void)process_end(pid, SIGTERM, 60000);
    pid = start_service(data, port, &seconds);
    figure("serving-warm-start", seconds, "s", AT_MOST, 2);
    figure_seen("serving-warm-start-processor", cpu_of(pid), "s");
    (void)process_end(pid, SIGTERM, 60000);
    return 0;
}
