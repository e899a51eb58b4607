/* order.c - see order.h: ids, keys and the way to the topic. What clients write is read in
 * order_read.c. */
#include "gateway/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/claim.h"
#include "gateway/dispatch.h"
#include "gateway/watch.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/crypto/crypto.h"
#include "proto/envelope.h"
#include "proto/topics.h"

enum {
    ID_DIGITS = 32,
    SHORT_DIGITS = 8, /* of a job's id, in the names of its pictures */
    BUCKET_MS = 300000,
    PUBLISH_MS = 8000,
};

void order_done(struct order *order)
{
    for (size_t i = 0; i < GENERATION_OUTPUTS_MAX; i++)
        free(order->keys[i]);
    buf_done(&order->dedupe_id);
}

/* -- names -- */

static void set_id(struct order *order, const char *hex)
{
    (void)snprintf(order->id, sizeof order->id, "%.*s", ID_DIGITS, hex);
    order->request.job_id = order->id;
    order->request.timestamp_ms = clock_wall_ms();
}

static void set_random_id(struct order *order)
{
    uint8_t bytes[ID_DIGITS / 2];
    char hex[ID_DIGITS + 1];

    random_bytes(bytes, sizeof bytes);
    text_hex(bytes, sizeof bytes, hex);
    set_id(order, hex);
}

static void hash_body(const struct http_request *request, char ret_hex[SHA256_HEX])
{
    size_t size;
    const void *body = http_body(request, &size);

    sha256_hex(body, size, ret_hex);
}

/* The id follows from who asks and their key, so that every gateway knows the job again; the
 * dedupe id from the body, too, so that it sees when the key is used for something else. */
static void name_by_key(struct order *order, struct http_request *request, const char *key)
{
    const char *caller = dispatch_caller(request)->id;
    OWNED_VALUE(buf) text = {0};
    char hex[SHA256_HEX], body[SHA256_HEX];

    buf_printf(&text, "%zu:%s\n%s\n%s", strlen(caller), caller, http_path(request), key);
    sha256_hex(buf_text(&text), text.size, hex);
    set_id(order, hex);
    hash_body(request, body);
    buf_printf(&order->dedupe_id, "key:%s:%s", order->id, body);
    order->join = DRAWINGS_SAME_ID;
}

int order_name(struct order *order, struct http_request *request, bool by_content,
               struct err *err)
{
    const char *key = http_header(request, "Idempotency-Key");
    char hex[SHA256_HEX];

    if (key && !claim_key_check(key, err))
        return err->code;
    if (key) {
        name_by_key(order, request, key);
    } else if (by_content) {
        set_random_id(order);
        hash_body(request, hex);
        buf_printf(&order->dedupe_id, DRAWINGS_CONTENT_PREFIX "%s.%s:%s",
                   dispatch_caller(request)->id, hex, order->id);
        order->join = DRAWINGS_CONTENT;
    } else {
        set_random_id(order);
        buf_append_str(&order->dedupe_id, order->id);
        order->join = DRAWINGS_NEW;
    }
    order->request.dedupe_id = buf_text(&order->dedupe_id);
    return 0;
}

void order_name_by(struct order *order, const char *dedupe_id)
{
    OWNED_VALUE(buf) text = {0};
    uint8_t digest[SHA256_BYTES];
    char hex[SHA256_HEX];

    sha256(dedupe_id, strlen(dedupe_id), digest);
    order->request.seed =
        (int64_t)digest[0] << 24 | digest[1] << 16 | digest[2] << 8 | digest[3];
    /* The time is in it, or a worker would take a later job for the one that it has done. */
    buf_printf(&text, "%s\n%lld", dedupe_id, (long long)(clock_wall_ms() / BUCKET_MS));
    sha256_hex(buf_text(&text), text.size, hex);
    set_id(order, hex);
    buf_append_str(&order->dedupe_id, dedupe_id);
    order->request.dedupe_id = buf_text(&order->dedupe_id);
    order->join = DRAWINGS_WINDOW;
}

/* -- keys -- */

int order_add(struct order *order, const char *key, uint32_t width, uint32_t height,
              struct err *err)
{
    size_t i = order->request.output_count;

    order->keys[i] = strdup(key);
    if (!order->keys[i])
        return err_set_nomem(err, "a job");
    order->outputs[i] = (struct generation_output){order->keys[i], width, height};
    order->request.outputs = order->outputs;
    order->request.output_count++;
    return 0;
}

/* "img_20260504-090807-5e1f0a9b_0h.jpeg": two jobs of one second never meet. */
static int pool_key(const struct order *order, size_t i, uint32_t width, uint32_t height,
                    char ret_key[KEY_BYTES], struct err *err)
{
    time_t seconds = (time_t)(order->request.timestamp_ms / 1000);
    OWNED_VALUE(buf) search_key = {0};
    char stamp[32], name[96];
    struct tm utc;

    (void)gmtime_r(&seconds, &utc);
    (void)strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &utc);
    (void)snprintf(name, sizeof name, "img_%s-%.*s_%zu%c.jpeg", stamp, SHORT_DIGITS, order->id,
                   i, height > width ? 'v' : 'h');
    buf_append_str(&search_key, order->emotion);
    if (order->favorite)
        buf_printf(&search_key, "/%s", order->favorite);
    if (key_format(KEY_POOL, buf_text(&search_key), name, ret_key, err) < 0)
        return err_wrap(err, "emotion or favorite");
    return 0;
}

int order_place(struct order *order, struct err *err)
{
    size_t count = order->request.output_count;
    uint32_t width = order->outputs[0].width, height = order->outputs[0].height;

    order->request.output_count = 0;
    for (size_t i = 0; i < count; i++) {
        char key[KEY_BYTES];

        if (!order->emotion)
            (void)snprintf(key, sizeof key, "text2image/%s_%zu.jpeg", order->id, i);
        else if (pool_key(order, i, width, height, key, err) < 0)
            return err->code;
        if (order_add(order, key, width, height, err) < 0)
            return err->code;
    }
    return 0;
}

/* -- to the topic -- */

static int publish(const struct order *order, struct gateway *gateway,
                   struct http_request *request, const struct buf *value, struct err *err)
{
    struct envelope envelope;
    struct bus_record record = {
        .topic = TOPIC_GENERATION_REQUESTS,
        .key = order->request.dedupe_id,
        .key_size = strlen(order->request.dedupe_id),
        .value = value->data,
        .value_size = value->size,
        .headers = envelope.headers,
        .header_count = ENVELOPE_HEADERS,
    };

    envelope_fill(&envelope, EVENT_GENERATION_REQUESTED, "/gateway", NULL,
                  order->request.timestamp_ms, http_trace(request));
    return bus_publish(gateway->bus, &record, 1, PUBLISH_MS, err);
}

int order_send(struct order *order, struct gateway *gateway, struct http_request *request,
               bool *ret_joined, struct err *err)
{
    OWNED_VALUE(buf) value = {0};
    struct drawings_offer offer = {.join = order->join, .unseen = order->unseen};

    if (watch_generator(gateway->watch, err) < 0 ||
        generation_request_encode(&value, &order->request, err) < 0)
        return err->code;
    offer.bytes = value.data;
    offer.size = value.size;
    if (drawings_offer(gateway->drawings, &offer, order->id, ret_joined, err) < 0)
        return err->code;
    if (*ret_joined || publish(order, gateway, request, &value, err) == 0)
        return 0;
    if (err->code != ERR_TOO_LARGE && err->code != ERR_INVALID)
        err->code = ERR_UNAVAILABLE;
    (void)err_wrap(err, "sending the job to the generator");
    drawings_withdraw(gateway->drawings, order->id, err);
    return err->code;
}
