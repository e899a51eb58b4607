/* settings.c - see settings.h. */
#include "gateway/settings.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "proto/generation_request.h"

#define FIELD(member) offsetof(struct settings, member)

static const struct conf_field fields[] = {
    {"GARDEN_LISTEN", CONF_STRING, "127.0.0.1:8080", FIELD(listen),
     "address and port to serve on; port 0 takes any free one", 0, 0},
    {"GARDEN_PUBLIC_URL", CONF_STRING, "", FIELD(public_url),
     "start of the URLs in answers, e.g. https://garden.example.org; unset: the request's Host",
     0, 0},
    {"GARDEN_TRUST_PROXY", CONF_BOOL, "0", FIELD(trust_proxy),
     "1: believe X-Forwarded-Proto, -Host and -For, which a proxy in front sets; keys are "
     "needed",
     0, 0},
    {"GARDEN_REQUIRE_KEYS", CONF_BOOL, "0", FIELD(require_keys),
     "1: kiosk and display routes need a key on loopback, too", 0, 0},
    {"GARDEN_OPERATOR_KEY", CONF_STRING, "", FIELD(operator_key),
     "the operator's API key; unset: the one in GARDEN_DATA/operator.key, made when missing", 0,
     0},
    {"GARDEN_KIOSK_KEY", CONF_STRING, "", FIELD(kiosk_key),
     "the kiosks' API key; unset: the one in GARDEN_DATA/kiosk.key, made when missing", 0, 0},
    {"GARDEN_DISPLAY_KEY", CONF_STRING, "", FIELD(display_key),
     "the displays' API key; unset: the one in GARDEN_DATA/display.key, made when missing", 0,
     0},
    {"GARDEN_CORS_ORIGINS", CONF_STRING, "", FIELD(cors_origins),
     "web origins that may call from a browser, separated by commas", 0, 0},
    {"GARDEN_RATE_PER_KEY", CONF_INT, "2000", FIELD(rate_per_key),
     "requests a second for each API key; 0: no limit", 0, 1000000},
    {"GARDEN_RATE_PER_ADDRESS", CONF_INT, "500", FIELD(rate_per_address),
     "requests a second for each address without a key; 0: no limit", 0, 1000000},
    {"GARDEN_INGEST_URL", CONF_STRING, "http://127.0.0.1:8091", FIELD(ingest_url),
     "where item-ingest answers", 0, 0},
    {"GARDEN_GENERATOR_URL", CONF_STRING, "", FIELD(generator_url),
     "where the generator answers; unset: there is none, and pictures cannot be asked for", 0,
     0},
    {"GARDEN_EMOTION_URL", CONF_STRING, "", FIELD(emotion_url),
     "where the emotion service answers; unset: there is none, and no face is looked at", 0, 0},
    {"GARDEN_RECOMMENDER_URL", CONF_STRING, "", FIELD(recommender_url),
     "where the recommender answers; unset: there is none, and what visitors do is "
     "not taken in",
     0, 0},
    {"GARDEN_EXPORTER_URL", CONF_STRING, "", FIELD(exporter_url),
     "where csv-exporter answers; unset: there is none, and no export can be asked for", 0, 0},
    {"GARDEN_DISPLAY_FEED_URL", CONF_STRING, "", FIELD(display_feed_url),
     "where display-feed answers; unset: there is none, and no zone can be changed or followed",
     0, 0},
    {"GARDEN_FORWARD_CALLS", CONF_INT, "16", FIELD(forward_calls),
     "requests that are passed on to one service at a time", 1, 10000},
    {"GARDEN_FORWARD_WAITING", CONF_INT, "128", FIELD(forward_waiting),
     "requests for one service that may wait; more are answered 503", 0, 100000},
    {"GARDEN_FORWARD_MS", CONF_INT, "8000", FIELD(forward_ms),
     "how long a service may take to answer before the gateway answers 503, in ms", 100, 10000},
    {"GARDEN_RELAYS", CONF_INT, "6000", FIELD(relays),
     "screens that follow or wait for their zone at a time; each has two connections", 1,
     1000000},
    {"GARDEN_MAX_FACE_MB", CONF_INT, "12", FIELD(max_face_mb),
     "largest picture of a visitor, in MiB", 1, 1024},
    {"GARDEN_GENERATION_STEPS", CONF_INT, "0", FIELD(generation_steps),
     "steps of a picture whose request names none; 0: as many as the model needs", 0,
     GENERATION_STEPS_MAX},
    {"GARDEN_BULK_LANDSCAPE", CONF_STRING, "1280x800", FIELD(bulk_landscape_text),
     "size of the landscape picture of a bulk request, in pixels, multiples of 8", 0, 0},
    {"GARDEN_BULK_PORTRAIT", CONF_STRING, "800x1280", FIELD(bulk_portrait_text),
     "size of the portrait picture of a bulk request", 0, 0},
    {"GARDEN_TEXT2IMAGE_WAIT", CONF_INT, "28", FIELD(text2image_wait_s),
     "how long POST /text2image waits for its picture, in s; clients give up after 30", 0, 29},
    {"GARDEN_GENERATION_JOBS", CONF_INT, "10000", FIELD(generation_jobs),
     "jobs of the generator that the gateway remembers", 100, 1000000},
    {"GARDEN_SHARE", CONF_STRING, "", FIELD(share),
     "folder that holds web/ and proto/; unset: looked for beside the program", 0, 0},
    {"GARDEN_LOOPS", CONF_INT, "0", FIELD(loops),
     "event loop threads; 0: one for each core, at most 4", 0, 64},
    {"GARDEN_QUICK_WORKERS", CONF_INT, "8", FIELD(quick_workers),
     "threads for short calls that may wait for an engine", 1, 256},
    {"GARDEN_SLOW_WORKERS", CONF_INT, "2", FIELD(slow_workers),
     "threads for bulk work, uploads and thumbnails", 1, 256},
    {"GARDEN_QUEUE", CONF_INT, "256", FIELD(queue),
     "requests that may wait for each kind of worker; more are answered 503", 1, 100000},
    {"GARDEN_CACHE_MB", CONF_INT, "64", FIELD(cache_mb),
     "memory for pictures that are asked for often, and as much again for gardens, in MiB", 1,
     65536},
    {"GARDEN_CACHE_CHECK_MS", CONF_INT, "100", FIELD(cache_check_ms),
     "how long a cached picture is served before the store is asked whether it changed, in ms",
     0, 60000},
    {"GARDEN_MAX_CONNECTIONS", CONF_INT, "8192", FIELD(max_connections),
     "open connections at a time", 16, 1000000},
    {"GARDEN_MAX_UPLOAD_MB", CONF_INT, "40", FIELD(max_upload_mb),
     "largest picture that can be uploaded, in MiB", 1, 1024},
};

enum { FIELD_COUNT = sizeof fields / sizeof *fields };

/* "1280x800" */
static int read_size(const char *name, const char *text, struct settings_size *ret_size,
                     struct err *err)
{
    const char *x = strchr(text, 'x');
    char width[16] = "";
    struct err why = {0};
    int64_t sides[2] = {0, 0};

    if (x && (size_t)(x - text) < sizeof width) {
        memcpy(width, text, (size_t)(x - text));
        (void)text_parse_int(width, GENERATION_SIDE_MIN, GENERATION_SIDE_MAX, &sides[0], &why);
        (void)text_parse_int(x + 1, GENERATION_SIDE_MIN, GENERATION_SIDE_MAX, &sides[1], &why);
    }
    if (why.code || sides[0] == 0 || sides[1] == 0 || sides[0] % 8 || sides[1] % 8)
        return err_set(err, ERR_INVALID,
                       "%s is '%.40s': it takes WIDTHxHEIGHT, both multiples of 8 from %d to "
                       "%d, e.g. 1280x800",
                       name, text, GENERATION_SIDE_MIN, GENERATION_SIDE_MAX);
    *ret_size = (struct settings_size){(uint32_t)sides[0], (uint32_t)sides[1]};
    return 0;
}

int settings_load(struct settings *settings, struct err *err)
{
    struct settings loaded = {0};
    int r = garden_conf_load(&loaded.garden, err);

    if (r == 0)
        r = conf_load(&loaded, fields, FIELD_COUNT, err);
    if (r == 0)
        r = read_size("GARDEN_BULK_LANDSCAPE", loaded.bulk_landscape_text,
                      &loaded.bulk_landscape, err);
    if (r == 0)
        r = read_size("GARDEN_BULK_PORTRAIT", loaded.bulk_portrait_text, &loaded.bulk_portrait,
                      err);
    if (r == 0)
        *settings = loaded;
    return r;
}

void settings_print_help(void)
{
    conf_print_help(fields, FIELD_COUNT);
    printf("and, as for every program of the garden:\n");
    conf_print_help(garden_fields, garden_field_count);
}

void settings_print_markdown(void)
{
    conf_print_markdown("gateway", fields, FIELD_COUNT);
}
