/* settings.h - what the gateway can be told by environment variables. */
#ifndef GATEWAY_SETTINGS_H
#define GATEWAY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "services/common/garden_conf.h"

struct settings {
    struct garden_conf garden; /* the settings that all programs share */
    const char *listen, *public_url, *cors_origins, *ingest_url, *share;
    const char *operator_key, *kiosk_key, *display_key;
    bool require_keys, trust_proxy;
    int64_t rate_per_key, rate_per_address;
    int64_t loops, quick_workers, slow_workers, queue;
    const char *generator_url, *emotion_url, *recommender_url, *exporter_url,
        *display_feed_url; /* "": there is none */
    int64_t forward_calls, forward_waiting, forward_ms, relays, max_face_mb;
    int64_t generation_steps, generation_jobs, text2image_wait_s;
    const char *bulk_landscape_text, *bulk_portrait_text;
    struct settings_size {
        uint32_t width, height;
    } bulk_landscape, bulk_portrait;
    int64_t cache_mb, cache_check_ms, max_connections, max_upload_mb;
};

/* Reads both tables. ERR_INVALID names the variable. */
int settings_load(struct settings *settings, struct err *err);

/* Both tables, one line for each variable, on stdout. */
void settings_print_help(void);

/* The gateway's own table as a section of docs/settings.md, on stdout. */
void settings_print_markdown(void);

#endif
