/* studio.c - see studio.h. */
#include "tests/support/studio.h"

#include <string.h>

#include "lib/base/clock.h"
#include "tests/support/process.h"

enum { SOON_MS = 10000 };

void studio_start(struct studio *studio, const char *setting)
{
    const char *settings[] = {NULL, setting, NULL};

    painter_open(&studio->painter);
    settings[0] = studio->painter.setting;
    door_start(&studio->door, settings);
    painter_join(&studio->painter, &studio->door.conf);
}

void studio_stop(struct studio *studio)
{
    door_stop(&studio->door);
    painter_done(&studio->painter);
}

/* -- asking -- */

int studio_ask(struct studio *studio, const char *method, const char *path, const char *body)
{
    return door_ask(&studio->door, &(struct door_request){.method = method,
                                                          .path = path,
                                                          .key = studio->door.operator_key,
                                                          .body = body});
}

int studio_post(struct studio *studio, const char *path, const char *body, const char *header)
{
    return door_ask(&studio->door, &(struct door_request){.method = "POST",
                                                          .path = path,
                                                          .key = studio->door.operator_key,
                                                          .header = header,
                                                          .body = body});
}

json_t *studio_answer(struct studio *studio)
{
    struct err err = {0};
    json_t *root = json_parse(door_body(&studio->door), studio->door.last.body.size, &err);

    if (!root)
        test_fail("%s: %s", err.text, door_body(&studio->door));
    return root;
}

const char *studio_text(struct studio *studio, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    if (!text)
        test_fail("%s is missing: %s", name, door_body(&studio->door));
    return text;
}

long long studio_number(struct studio *studio, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_number(value))
        test_fail("%s is missing: %s", name, door_body(&studio->door));
    return (long long)json_number_value(value);
}

void studio_await(struct studio *studio, const char *path, const char *text)
{
    int64_t until_ms = clock_mono_ms() + SOON_MS;

    while (studio_ask(studio, "GET", path, NULL) != 200 ||
           !strstr(door_body(&studio->door), text))
        if (clock_mono_ms() > until_ms)
            test_fail("never \"%s\": %s", text, door_body(&studio->door));
}

void studio_await_unknown(struct studio *studio, const char *path)
{
    int64_t until_ms = clock_mono_ms() + SOON_MS;

    while (studio_ask(studio, "GET", path, NULL) != 404)
        if (clock_mono_ms() > until_ms)
            test_fail("never 404: %s", door_body(&studio->door));
}

/* -- a generator that goes by itself -- */

static void *draw_all(void *ctx)
{
    struct studio *studio = ctx;

    while (!atomic_load(&studio->resting)) {
        if (painter_next(&studio->painter, 1)) {
            painter_draw(&studio->painter);
            (void)atomic_fetch_add(&studio->drawn, 1);
        }
    }
    return NULL;
}

pthread_t studio_start_drawing(struct studio *studio)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, draw_all, studio) != 0)
        test_fail("no thread to draw");
    return thread;
}

void studio_stop_drawing(struct studio *studio, pthread_t thread)
{
    atomic_store(&studio->resting, true);
    (void)pthread_join(thread, NULL);
}
