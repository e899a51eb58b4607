/* engine_rekognition.c - Amazon Rekognition's DetectFaces in the place of our own nets.
 *
 * The picture goes to Amazon, in the body of a request that lies in locked memory and is zeroed
 * after. Source: the API reference of DetectFaces (JSON 1.1, signature version 4, at most 5 MiB
 * of JPEG or PNG). */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "lib/image/image.h"
#include "services/common/aws.h"
#include "services/emotion/engine.h"
#include "services/emotion/rekognition_answer.h"

enum {
    PICTURE_MAX = 5 << 20,
    REDUCED_WIDTH = 1920,
    REDUCED_QUALITY = 90,
    ANSWER_MAX = 4 << 20,
    THREADS = 8, /* which wait for Amazon most of the time */
};

#define SERVICE "rekognition"
#define TARGET "RekognitionService.DetectFaces"
#define CONTENT_TYPE "application/x-amz-json-1.1"
#define BODY_START "{\"Attributes\":[\"ALL\"],\"Image\":{\"Bytes\":\""
#define BODY_END "\"}}"

struct rekognition {
    struct face_engine engine; /* the first: what others see of it */
    struct aws *aws;
    int deadline_ms;
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
    return 0;
}

static int send_picture(struct rekognition *r, const struct body *body,
                        struct analysis *analysis, struct err *err)
{
    const struct aws_request request = {.path = "/",
                                        .content_type = CONTENT_TYPE,
                                        .target = TARGET,
                                        .body = body->text,
                                        .body_size = body->size,
                                        .secret = true,
                                        .max_answer_bytes = ANSWER_MAX,
                                        .deadline_ms = clock_mono_ms() + r->deadline_ms};
    struct http_client_response response = {0};
    int status = aws_post(r->aws, &request, &response, err);

    if (status == 0)
        status = rekognition_read_faces(response.body.data, response.body.size, analysis, err);
    http_client_response_done(&response);
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

    aws_free(r->aws);
    free(r);
}

static const struct aws_refusal refusals[] = {
    {"InvalidImageFormatException", ERR_INVALID, "send a JPEG or PNG"},
    {"ImageTooLargeException", ERR_TOO_LARGE, "send a smaller picture"},
    {"InvalidParameterException", ERR_INVALID, "send a picture of at least 80 x 80 pixels"},
    {"AccessDeniedException", ERR_DENIED, "the key lacks rekognition:DetectFaces"},
};

struct face_engine *engine_rekognition_new(const struct engine_rekognition_conf *conf,
                                           struct err *err)
{
    const struct aws_conf aws = {.title = "Amazon Rekognition",
                                 .service = SERVICE,
                                 .host = SERVICE,
                                 .region = conf->region,
                                 .endpoint = conf->endpoint,
                                 .access_key = conf->access_key,
                                 .secret_key = conf->secret_key,
                                 .session_token = conf->session_token,
                                 .refusals = refusals,
                                 .refusal_count = sizeof refusals / sizeof *refusals,
                                 .threads = THREADS};
    struct rekognition *r = calloc(1, sizeof *r);

    if (!r) {
        err_set_nomem(err, "the engine");
        return NULL;
    }
    r->engine = (struct face_engine){
        .name = SERVICE, .analyse = analyse, .threads = THREADS, .free = rekognition_free};
    r->deadline_ms = conf->deadline_ms;
    r->aws = aws_new(&aws, err);
    if (r->aws)
        return &r->engine;
    rekognition_free(&r->engine);
    return NULL;
}
