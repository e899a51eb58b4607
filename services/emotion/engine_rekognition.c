/* engine_rekognition.c - Amazon Rekognition's DetectFaces in the place of our own nets.
 *
 * The picture goes to Amazon, in the body of a request that lies in locked memory and is zeroed
 * after. Source: the API reference of DetectFaces (JSON 1.1, signature version 4, at most 5 MiB
 * of JPEG or PNG). */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/secret.h"
#include "lib/base/text.h"
#include "lib/crypto/crypto.h"
#include "lib/crypto/sigv4.h"
#include "lib/http/client.h"
#include "lib/image/image.h"
#include "services/emotion/engine.h"
#include "services/emotion/rekognition_answer.h"

enum {
    PICTURE_MAX = 5 << 20,
    REDUCED_WIDTH = 1920,
    REDUCED_QUALITY = 90,
    ANSWER_MAX = 4 << 20,
    THREADS = 8, /* which wait for Amazon most of the time */
    PAUSE_MS = 100,
    HEADERS = 12,
};

#define SERVICE "rekognition"
#define TARGET "RekognitionService.DetectFaces"
#define CONTENT_TYPE "application/x-amz-json-1.1"
#define BODY_START "{\"Attributes\":[\"ALL\"],\"Image\":{\"Bytes\":\""
#define BODY_END "\"}}"

struct rekognition {
    struct face_engine engine; /* the first: what others see of it */
    char *url, *host, *region, *access_key, *secret_key, *session_token;
    int deadline_ms;
    pthread_mutex_t lock;
    struct http_client *clients[THREADS]; /* that nobody uses; locked */
    size_t client_count;
};

/* -- the picture, as Amazon takes it -- */

/* Bytes to send, and whose they are. */
struct picture {
    const void *bytes;
    size_t size;
    struct buf made; /* where they are not the visitor's own */
};

static void picture_done(struct picture *picture)
{
    secret_wipe(picture->made.data, picture->made.capacity);
    buf_done(&picture->made);
}

static int make_jpeg(const void *bytes, size_t size, uint32_t width, struct buf *out,
                     struct err *err)
{
    struct image image = {0};
    int r = image_thumbnail(bytes, size, NULL, width, &image, err);

    if (r == 0)
        r = image_encode_jpeg(&image, REDUCED_QUALITY, NULL, out, err);
    if (r == 0 && !buf_ok(out))
        r = err_set_nomem(err, "a smaller picture");
    secret_wipe(image.rgb, (size_t)image.width * image.height * 3);
    image_done(&image);
    return r;
}

/* A picture of another format, or of too many bytes, becomes a JPEG that is small enough. */
static int prepare(struct picture *picture, const struct image_info *info, struct err *err)
{
    uint32_t width = info->width < REDUCED_WIDTH ? info->width : REDUCED_WIDTH;
    const void *bytes = picture->bytes;
    size_t size = picture->size;

    if (size <= PICTURE_MAX && info->format != IMAGE_WEBP)
        return 0;
    do {
        buf_clear(&picture->made);
        if (make_jpeg(bytes, size, width, &picture->made, err) < 0)
            return err->code;
        picture->bytes = picture->made.data;
        picture->size = picture->made.size;
        width /= 2;
    } while (picture->size > PICTURE_MAX && width > 0);
    return 0;
}

/* -- the request -- */

struct body {
    char *text; /* secret memory of room bytes */
    size_t size, room;
    char sha256[SHA256_HEX];
};

static void body_done(struct body *body)
{
    secret_free(body->text, body->room);
}

/* base64 with padding, as JSON's. Returns how much was written. */
static size_t write_base64(const void *bytes, size_t size, char *out)
{
    size_t length;

    base64url_encode(bytes, size, out);
    length = strlen(out);
    for (size_t i = 0; i < length; i++)
        out[i] = (char)(out[i] == '-' ? '+' : out[i] == '_' ? '/' : out[i]);
    while (length % 4)
        out[length++] = '=';
    return length;
}

static int write_body(const struct picture *picture, struct body *body, struct err *err)
{
    const size_t start = sizeof BODY_START - 1;

    body->room = start + (picture->size + 2) / 3 * 4 + sizeof BODY_END;
    body->text = secret_alloc(body->room, NULL);
    if (!body->text)
        return err_set_nomem(err, "a request to Amazon");
    memcpy(body->text, BODY_START, start);
    body->size = start + write_base64(picture->bytes, picture->size, body->text + start);
    memcpy(body->text + body->size, BODY_END, sizeof BODY_END);
    body->size += sizeof BODY_END - 1;
    sha256_hex(body->text, body->size, body->sha256);
    return 0;
}

static int sign(const struct rekognition *r, const struct body *body, struct buf *lines,
                struct err *err)
{
    const struct sigv4_pair headers[] = {{"Content-Type", CONTENT_TYPE},
                                         {"X-Amz-Target", TARGET}};
    const struct sigv4_credentials credentials = {
        .access_key = r->access_key,
        .secret_key = r->secret_key,
        .session_token = *r->session_token ? r->session_token : NULL,
        .region = r->region,
        .service = SERVICE};
    struct sigv4_request request = {.method = "POST",
                                    .host = r->host,
                                    .target = "/",
                                    .headers = headers,
                                    .header_count = sizeof headers / sizeof *headers,
                                    .time_ms = clock_wall_ms()};

    memcpy(request.payload_sha256, body->sha256, sizeof request.payload_sha256);
    return sigv4_sign(lines, &credentials, &request, err);
}

/* One attempt. */
static int ask(const struct rekognition *r, struct http_client *client, const struct body *body,
               int64_t deadline_ms, struct analysis *analysis, struct err *err)
{
    OWNED_VALUE(buf) lines = {0};
    const char *headers[HEADERS];
    struct http_client_response response = {0};
    struct http_client_request request = {.method = "POST",
                                          .url = r->url,
                                          .headers = headers,
                                          .body = body->text,
                                          .body_size = body->size,
                                          .secret = true,
                                          .deadline_ms = (int)(deadline_ms - clock_mono_ms()),
                                          .max_body_bytes = ANSWER_MAX};
    int status;

    if (sign(r, body, &lines, err) < 0)
        return err->code;
    for (size_t at = 0; at < lines.size && request.header_count < HEADERS;
         at += strlen(lines.data + at) + 1)
        headers[request.header_count++] = lines.data + at;
    status = http_client_fetch(client, &request, &response, err);
    if (status == 0)
        status =
            response.status == 200
                ? rekognition_read_faces(response.body.data, response.body.size, analysis, err)
                : rekognition_read_error(response.status, buf_text(&response.body),
                                         response.body.size, err);
    http_client_response_done(&response);
    return status;
}

/* Tries again what was throttled or did not get through, while there is time. */
static int ask_again(const struct rekognition *r, struct http_client *client,
                     const struct body *body, struct analysis *analysis, struct err *err)
{
    const int64_t deadline_ms = clock_mono_ms() + r->deadline_ms;

    for (int pause_ms = PAUSE_MS;; pause_ms *= 2) {
        int status = ask(r, client, body, deadline_ms, analysis, err);
        int jitter_ms = (int)(clock_mono_ns() % (pause_ms / 2 + 1));

        if (status != ERR_UNAVAILABLE && status != ERR_IO)
            return status;
        if (clock_mono_ms() + pause_ms + jitter_ms >= deadline_ms)
            return status;
        (void)poll(NULL, 0, pause_ms + jitter_ms);
        err_clear(err);
    }
}

/* -- clients: one for each thread that is inside -- */

static struct http_client *take_client(struct rekognition *r, struct err *err)
{
    struct http_client *client = NULL;

    (void)pthread_mutex_lock(&r->lock);
    if (r->client_count > 0)
        client = r->clients[--r->client_count];
    (void)pthread_mutex_unlock(&r->lock);
    return client ? client : http_client_new(err);
}

static void give_client(struct rekognition *r, struct http_client *client)
{
    (void)pthread_mutex_lock(&r->lock);
    if (r->client_count < THREADS) {
        r->clients[r->client_count++] = client;
        client = NULL;
    }
    (void)pthread_mutex_unlock(&r->lock);
    http_client_free(client);
}

static int send_picture(struct rekognition *r, const struct body *body,
                        struct analysis *analysis, struct err *err)
{
    struct http_client *client = take_client(r, err);
    int status;

    if (!client)
        return err->code;
    status = ask_again(r, client, body, analysis, err);
    give_client(r, client);
    return status;
}

/* -- the engine -- */

static void set_size(const struct image_info *info, struct analysis *analysis)
{
    const bool turned = info->exif_orientation >= 5;

    analysis->width = turned ? info->height : info->width;
    analysis->height = turned ? info->width : info->height;
}

static int analyse(struct face_engine *engine, const void *bytes, size_t size,
                   struct analysis *ret_analysis, struct err *err)
{
    struct rekognition *r = (struct rekognition *)engine;
    OWNED_VALUE(picture) picture = {.bytes = bytes, .size = size};
    OWNED_VALUE(body) body = {0};
    struct analysis analysis = {0};
    struct image_info info;

    if (image_probe(bytes, size, NULL, &info, err) < 0 || prepare(&picture, &info, err) < 0 ||
        write_body(&picture, &body, err) < 0)
        return err->code;
    set_size(&info, &analysis);
    if (send_picture(r, &body, &analysis, err) < 0)
        return err->code;
    *ret_analysis = analysis;
    return 0;
}

static void rekognition_free(struct face_engine *engine)
{
    struct rekognition *r = (struct rekognition *)engine;

    while (r->client_count > 0)
        http_client_free(r->clients[--r->client_count]);
    (void)pthread_mutex_destroy(&r->lock);
    free(r->url);
    free(r->host);
    free(r->region);
    free(r->access_key);
    free(r->secret_key);
    free(r->session_token);
    free(r);
}

/* url and host from the endpoint, or the region's own. */
static int set_address(struct rekognition *r, const char *endpoint, const char *region,
                       struct err *err)
{
    OWNED_VALUE(buf) url = {0};
    const char *host;

    if (*endpoint)
        buf_append_str(&url, endpoint);
    else
        buf_printf(&url, "https://" SERVICE ".%s.amazonaws.com", region);
    while (url.size > 0 && url.data[url.size - 1] == '/')
        url.data[--url.size] = '\0';
    host = strstr(buf_text(&url), "://");
    if (!host || !host[3] || strchr(host + 3, '/') ||
        (!text_starts_with(url.data, "https://") && !text_starts_with(url.data, "http://")))
        return err_set(err, ERR_INVALID,
                       "'%.80s' is no endpoint of Amazon Rekognition: it is like "
                       "https://rekognition.us-east-1.amazonaws.com",
                       buf_text(&url));
    r->host = strdup(host + 3);
    buf_append_char(&url, '/');
    r->url = buf_take(&url);
    return 0;
}

struct face_engine *engine_rekognition_new(const struct engine_rekognition_conf *conf,
                                           struct err *err)
{
    struct rekognition *r = calloc(1, sizeof *r);

    if (!r) {
        err_set_nomem(err, "the engine");
        return NULL;
    }
    r->engine = (struct face_engine){
        .name = SERVICE, .analyse = analyse, .threads = THREADS, .free = rekognition_free};
    r->deadline_ms = conf->deadline_ms;
    (void)pthread_mutex_init(&r->lock, NULL);
    r->region = strdup(conf->region);
    r->access_key = strdup(conf->access_key);
    r->secret_key = strdup(conf->secret_key);
    r->session_token = strdup(conf->session_token);
    if (set_address(r, conf->endpoint, conf->region, err) == 0) {
        if (r->url && r->host && r->region && r->access_key && r->secret_key &&
            r->session_token)
            return &r->engine;
        err_set_nomem(err, "the engine");
    }
    rekognition_free(&r->engine);
    return NULL;
}
