/* painter.c - see painter.h. */
#include "tests/support/painter.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/http/server.h"
#include "lib/image/image.h"
#include "proto/envelope.h"
#include "proto/recipe.h"
#include "proto/topics.h"
#include "tests/support/process.h"

enum { PUBLISH_MS = 5000, TURN_MS = 50 };

#define SHA256_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void on_request(void *ctx, struct http_request *request)
{
    (void)ctx;
    http_respond_text(request, 200, "{\"ready\":true}");
}

void painter_open(struct painter *painter)
{
    const struct http_server_conf conf = {
        .listen = "127.0.0.1:0", .loops = 1, .on_request = on_request};
    struct err err = {0};

    memset(painter, 0, sizeof *painter);
    painter->server = http_server_start(&conf, &err);
    if (!painter->server)
        test_fail("the painter's server: %s", err.text);
    (void)snprintf(painter->setting, sizeof painter->setting,
                   "GARDEN_GENERATOR_URL=http://127.0.0.1:%d",
                   http_server_port(painter->server));
}

void painter_join(struct painter *painter, const struct garden_conf *conf)
{
    static const char *const topics[] = {TOPIC_GENERATION_REQUESTS};
    const struct bus_consumer_conf view = {.topics = topics, .topic_count = 1};
    struct err err = {0};

    painter->bus = garden_open_bus(conf, "painter", &err);
    painter->jobs = painter->bus ? bus_consumer_new(painter->bus, &view, &err) : NULL;
    if (!painter->jobs)
        test_fail("the painter's bus: %s", err.text);
}

void painter_done(struct painter *painter)
{
    bus_consumer_free(painter->jobs);
    bus_free(painter->bus);
    buf_done(&painter->storage);
    http_server_free(painter->server);
}

bool painter_next(struct painter *painter, int timeout_ms)
{
    int64_t until_ms = clock_mono_ms() + timeout_ms;

    do {
        struct bus_record record;
        struct err err = {0};
        int count = bus_consumer_poll(painter->jobs, &record, 1, TURN_MS, &err);

        if (count < 0)
            test_fail("reading jobs: %s", err.text);
        if (count == 0)
            continue;
        if (generation_request_decode(record.value, record.value_size, &painter->job,
                                      &painter->storage, &err) < 0)
            test_fail("a job: %s", err.text);
        if (record.key_size != strlen(painter->job.dedupe_id) ||
            memcmp(record.key, painter->job.dedupe_id, record.key_size) != 0)
            test_fail("a job's key is not its dedupe id");
        return true;
    } while (clock_mono_ms() < until_ms);
    return false;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

void painter_tell(struct painter *painter, struct generation_event event)
{
    struct envelope envelope;
    OWNED_VALUE(buf) value = {0};
    struct err err = {0};
    struct bus_record record = {.topic = TOPIC_GENERATION_EVENTS,
                                .headers = envelope.headers,
                                .header_count = ENVELOPE_HEADERS};

    event.job_id = painter->job.job_id;
    if (event.timestamp_ms == 0)
        event.timestamp_ms = clock_wall_ms();
    event.preview = or_empty(event.preview);
    event.note = or_empty(event.note);
    event.recipe = or_empty(event.recipe);
    event.key = or_empty(event.key);
    event.sha256 = or_empty(event.sha256);
    event.reason = or_empty(event.reason);
    if (generation_event_encode(&value, &event, &err) < 0)
        test_fail("an event: %s", err.text);
    envelope_fill(&envelope, EVENT_GENERATION_PROGRESSED, "/painter", NULL, event.timestamp_ms,
                  NULL);
    record.key = event.job_id;
    record.key_size = strlen(event.job_id);
    record.value = value.data;
    record.value_size = value.size;
    if (bus_publish(painter->bus, &record, 1, PUBLISH_MS, &err) < 0)
        test_fail("telling: %s", err.text);
}

static uint32_t steps_of(const struct generation_request *job)
{
    return job->steps ? job->steps : 4;
}

/* Stripes that follow from the seed, with the recipe in them. */
static void put_picture(struct painter *painter, const struct generation_output *output,
                        int64_t seed)
{
    const struct generation_request *job = &painter->job;
    const struct recipe recipe = {.model_id = SHA256_OF_NOTHING,
                                  .model = "stripes",
                                  .prompt = job->prompt,
                                  .negative = job->negative_prompt,
                                  .guidance = job->guidance,
                                  .seed = seed,
                                  .width = output->width,
                                  .height = output->height,
                                  .steps = steps_of(job),
                                  .scheduler = GENERATION_DDIM};
    size_t count = (size_t)3 * output->width * output->height;
    OWNED_VALUE(image) image = {output->width, output->height, malloc(count)};
    OWNED_VALUE(buf) parameters = {0}, jpeg = {0};
    char id[RECIPE_ID], name[KEY_BYTES + 8];
    struct image_metadata metadata = {0};
    struct err err = {0};

    for (size_t i = 0; image.rgb && i < count; i++)
        image.rgb[i] = (uint8_t)((int64_t)(i / 24) * 3 + seed + painter->flaw);
    (void)recipe_id(&recipe, id, &err);
    recipe_format(&recipe, id, "painter", &parameters);
    metadata.parameters = buf_text(&parameters);
    if (image_encode_jpeg(&image, 90, &metadata, &jpeg, &err) < 0)
        test_fail("a picture: %s", err.text);
    (void)snprintf(name, sizeof name, "store/%s", output->key);
    folder_put(painter->folder, name, jpeg.data, jpeg.size);
}

void painter_draw(struct painter *painter)
{
    uint32_t steps = steps_of(&painter->job);

    painter_tell(painter, (struct generation_event){.type = GENERATION_STARTED, .attempt = 1});
    for (uint32_t i = 0; i < painter->job.output_count; i++) {
        const struct generation_output *output = &painter->job.outputs[i];

        for (uint32_t step = 1; step <= steps; step += steps / 2 ? steps / 2 : 1)
            painter_tell(painter, (struct generation_event){.type = GENERATION_STEP,
                                                            .output = i,
                                                            .step = step,
                                                            .steps = steps});
        if (painter->folder)
            put_picture(painter, output, painter->job.seed + i);
        painter_tell(painter, (struct generation_event){.type = GENERATION_IMAGE,
                                                        .output = i,
                                                        .seed = painter->job.seed + i,
                                                        .key = output->key,
                                                        .width = output->width,
                                                        .height = output->height,
                                                        .sha256 = SHA256_OF_NOTHING});
    }
    painter_tell(painter,
                 (struct generation_event){.type = GENERATION_DONE, .elapsed_ms = 1234});
}
