/* health.c - see health.h. */
#include "gateway/health.h"

#include <stdio.h>
#include <string.h>

#include "gateway/handles.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/http/client.h"
#include "proto/topics.h"

enum { ASK_MS = 1000, MAX_PARTITIONS = 256 };

const char *health_part_name(enum health_part part)
{
    static const char *const names[HEALTH_PARTS] = {
        "bus",     "store",       "catalogue",    "item-ingest", "generator",
        "emotion", "recommender", "csv-exporter", "display-feed"};

    return names[part];
}

/* Where a service is that a garden may go without, "" where this one does; NULL: of other
 * parts. */
static const char *optional_url(const struct settings *settings, enum health_part part)
{
    switch (part) {
    case HEALTH_GENERATOR:
        return settings->generator_url;
    case HEALTH_EMOTION:
        return settings->emotion_url;
    case HEALTH_RECOMMENDER:
        return settings->recommender_url;
    case HEALTH_EXPORTER:
        return settings->exporter_url;
    case HEALTH_DISPLAYS:
        return settings->display_feed_url;
    default:
        return NULL;
    }
}

bool health_part_used(const struct settings *settings, enum health_part part)
{
    const char *url = optional_url(settings, part);

    return !url || *url != '\0';
}

static void set_part(struct health *health, enum health_part part, const struct err *err)
{
    health->parts[part].up = err->code == 0;
    (void)snprintf(health->parts[part].reason, sizeof health->parts[part].reason, "%.199s",
                   err->code ? err->text : "");
}

static int ask_service(const char *name, const char *base, struct err *err)
{
    OWNED_VALUE(http_client_response) response = {0};
    OWNED(http_client) client = http_client_new(err);
    OWNED_VALUE(buf) url = {0};
    struct http_client_request request = {
        .method = "GET", .deadline_ms = ASK_MS, .connect_ms = ASK_MS, .max_body_bytes = 65536};

    if (!client)
        return err->code;
    buf_printf(&url, "%s/readyz", base);
    request.url = buf_text(&url);
    if (http_client_fetch(client, &request, &response, err) < 0)
        return err_wrap(err, "asking %s at %.80s", name, base);
    if (response.status != 200)
        return err_set(err, ERR_UNAVAILABLE, "%s is not ready: it answers %d", name,
                       response.status);
    return 0;
}

int health_ask_generator(const struct settings *settings, struct err *err)
{
    if (!*settings->generator_url)
        return err_set(err, ERR_UNAVAILABLE,
                       "this garden has no generator: start one with GENERATOR_MODEL set to a "
                       "model's folder, and set GARDEN_GENERATOR_URL to where it answers");
    if (ask_service("the generator", settings->generator_url, err) < 0)
        err->code = ERR_UNAVAILABLE;
    return err->code;
}

static int count_one(void *ctx, enum catalog_area area, const char *search_key,
                     const struct catalog_head *head, struct err *err)
{
    struct health *health = ctx;
    size_t size = strcspn(search_key, "/");

    (void)err;
    for (int i = 0; i < EMOTION_COUNT; i++)
        if (strlen(emotion_names[i]) == size && memcmp(emotion_names[i], search_key, size) == 0)
            health->live[area == CATALOG_POOL ? 0 : 1][i] += head->live;
    return 0;
}

struct lag {
    const struct bus_partition_info *infos;
    int count;
    int64_t behind;
};

static int take_off(void *ctx, const struct catalog_offset *offset, struct err *err)
{
    struct lag *lag = ctx;

    (void)err;
    if (strcmp(offset->topic, TOPIC_OBJECTS) != 0)
        return 0;
    for (int i = 0; i < lag->count; i++)
        if (lag->infos[i].partition == offset->partition)
            lag->behind -=
                offset->next > lag->infos[i].low ? offset->next - lag->infos[i].low : 0;
    return 0;
}

/* Events that are in the topic and not in the catalogue; -1 where it cannot be told. */
static int64_t measure_lag(struct gateway *gateway, struct catalog *catalog)
{
    struct bus_partition_info infos[MAX_PARTITIONS];
    struct lag lag = {.infos = infos};
    struct err err = {0};

    lag.count =
        bus_topic_info(gateway->bus, TOPIC_OBJECTS, infos, MAX_PARTITIONS, ASK_MS, &err);
    if (lag.count < 0 || lag.count > MAX_PARTITIONS)
        return -1;
    for (int i = 0; i < lag.count; i++)
        lag.behind += infos[i].high - infos[i].low;
    if (catalog_offsets(catalog, take_off, &lag, &err) < 0)
        return -1;
    return lag.behind > 0 ? lag.behind : 0;
}

static void ask_catalog(struct gateway *gateway, struct health *health, struct err *err)
{
    struct catalog *catalog = handles_take(gateway->catalogs, err);

    if (!catalog)
        return;
    if (catalog_ping(catalog, err) == 0 &&
        catalog_heads(catalog, count_one, health, err) == 0 && health->parts[HEALTH_BUS].up)
        health->lag = measure_lag(gateway, catalog);
    handles_give(gateway->catalogs, catalog);
}

void health_check(struct gateway *gateway, struct health *ret_health)
{
    static const struct {
        enum health_part part;
        const char *name;
    } visited[] = {{HEALTH_EMOTION, "the emotion service"},
                   {HEALTH_RECOMMENDER, "the recommender"},
                   {HEALTH_EXPORTER, "csv-exporter"},
                   {HEALTH_DISPLAYS, "display-feed"}};
    struct err err[HEALTH_PARTS] = {0};

    memset(ret_health, 0, sizeof *ret_health);
    ret_health->lag = -1;
    (void)bus_ping(gateway->bus, ASK_MS, &err[HEALTH_BUS]);
    set_part(ret_health, HEALTH_BUS, &err[HEALTH_BUS]);
    (void)store_ping(gateway->store, &err[HEALTH_STORE]);
    set_part(ret_health, HEALTH_STORE, &err[HEALTH_STORE]);
    ask_catalog(gateway, ret_health, &err[HEALTH_CATALOG]);
    set_part(ret_health, HEALTH_CATALOG, &err[HEALTH_CATALOG]);
    (void)ask_service("item-ingest", gateway->settings->ingest_url, &err[HEALTH_INGEST]);
    set_part(ret_health, HEALTH_INGEST, &err[HEALTH_INGEST]);
    (void)health_ask_generator(gateway->settings, &err[HEALTH_GENERATOR]);
    set_part(ret_health, HEALTH_GENERATOR, &err[HEALTH_GENERATOR]);
    for (size_t i = 0; i < sizeof visited / sizeof *visited; i++) {
        const enum health_part part = visited[i].part;

        if (health_part_used(gateway->settings, part))
            (void)ask_service(visited[i].name, optional_url(gateway->settings, part),
                              &err[part]);
        set_part(ret_health, part, &err[part]);
    }
    ret_health->ready = true;
    for (int i = 0; i < HEALTH_PARTS; i++) {
        ret_health->parts[i].unused = !health_part_used(gateway->settings, (enum health_part)i);
        ret_health->ready =
            ret_health->ready && (ret_health->parts[i].up || ret_health->parts[i].unused);
    }
    ret_health->wall_ms = clock_wall_ms();
}
