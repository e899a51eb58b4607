/* retry.c - whether and when a request is tried again. */
#include <stdint.h>
#include <sys/random.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/http/client_local.h"

enum {
    FIRST_PAUSE_MS = 100, /* doubled with every try */
    MOST_PAUSE_MS = 5000,
    RETRY_AFTER_MOST_S = 86400,
};

/* The connection could not be made, or broke before there was an answer. */
static bool is_broken_connection(const struct transfer *t, CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return true;
    case CURLE_OPERATION_TIMEDOUT: /* while connecting; else the deadline has passed anyway */
        return !transfer_was_connected(t);
    default:
        return false;
    }
}

static bool may_pass(const struct transfer *t, CURLcode code)
{
    int status = t->response.status;

    if (code != CURLE_OK)
        return !t->too_large && is_broken_connection(t, code);
    return status == 429 || status == 502 || status == 503 || status == 504;
}

/* Half of the full pause and a random part of the other half, so that clients that failed
 * together do not come back together. */
static int64_t growing_pause(int tries)
{
    int64_t pause = FIRST_PAUSE_MS;
    uint16_t random = 0;

    for (int i = 1; i < tries && pause < MOST_PAUSE_MS; i++)
        pause *= 2;
    if (pause > MOST_PAUSE_MS)
        pause = MOST_PAUSE_MS;
    (void)!getrandom(&random, sizeof random, GRND_NONBLOCK);
    return pause / 2 + pause / 2 * random / UINT16_MAX;
}

/* What Retry-After asks for, seconds or a date; -1 without a usable one. */
static int64_t asked_pause(const struct http_client_response *response)
{
    char text[64];
    struct err ignored = {0};
    int64_t seconds, date_ms, pause;

    if (!http_client_header(response, "retry-after", text, sizeof text))
        return -1;
    if (text_parse_int(text, 0, RETRY_AFTER_MOST_S, &seconds, &ignored) == 0)
        return seconds * 1000;
    err_clear(&ignored);
    if (clock_parse_http(text, &date_ms, &ignored) < 0)
        return -1;
    pause = date_ms - clock_wall_ms();
    return pause > 0 ? pause : 0;
}

int64_t retry_time(const struct transfer *t, CURLcode code, int64_t now_ms)
{
    int64_t pause, asked;

    if (t->tries > t->retries || t->streamed || !may_pass(t, code))
        return 0;
    pause = growing_pause(t->tries);
    asked = code == CURLE_OK ? asked_pause(&t->response) : -1;
    if (asked > pause)
        pause = asked;
    return now_ms + pause < t->deadline_ms ? now_ms + pause : 0;
}
