/* fake_eyes.c - see fake_eyes.h. */
#include "tests/support/fake_eyes.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "services/emotion/emotion.h"

#define VARIABLE "FAKE_EYES"

enum { TEXT = 512, LOOK_AGAIN_MS = 5 };

static void wait_for(const char *path)
{
    while (access(path, F_OK) < 0)
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
}

static struct face make_face(const char *text)
{
    struct face face = {.left = 0.25F,
                        .top = 0.125F,
                        .width = 0.5F,
                        .height = 0.5F,
                        .confidence = 99.5F,
                        .age_low = 20,
                        .age_high = 30,
                        .male = {.value = false, .confidence = 90},
                        .smile = {true, 80},
                        .eyes_open = {true, 70}};

    for (int i = 0; i < EMOTION_COUNT; i++)
        face.emotions[i] = strstr(text, emotion_names[i]) ? 93 : 1;
    face.male.value = strstr(text, " male") != NULL;
    for (const char *dash = strchr(text, '-'); dash && dash >= text + 2; dash = NULL) {
        face.age_low = (int)strtol(dash - 2, NULL, 10);
        face.age_high = (int)strtol(dash + 1, NULL, 10);
    }
    return face;
}

static int look(struct face_engine *engine, const void *picture, size_t size,
                struct analysis *ret_analysis, struct err *err)
{
    char text[TEXT];
    char *until;

    (void)engine;
    (void)snprintf(text, sizeof text, "%.*s", (int)size, (const char *)picture);
    until = strstr(text, " until ");
    if (until) {
        wait_for(until + strlen(" until "));
        *until = '\0';
    }
    if (strstr(text, "damaged"))
        return err_set(err, ERR_INVALID, "this is not a picture");
    if (strstr(text, "huge"))
        return err_set(err, ERR_TOO_LARGE, "this is too large a picture");
    if (strstr(text, "blind"))
        return err_set(err, ERR_UNAVAILABLE, "it is dark");
    if (strstr(text, "denied"))
        return err_set(err, ERR_DENIED, "no right to look");
    *ret_analysis = (struct analysis){.width = 640, .height = 480};
    if (strstr(text, "nobody"))
        return 0;
    ret_analysis->faces[ret_analysis->count++] = make_face(text);
    if (strstr(text, "two")) {
        ret_analysis->faces[1] = make_face("angry male 60-70");
        ret_analysis->faces[1].width = ret_analysis->faces[1].height = 0.1F;
        ret_analysis->count = 2;
    }
    return 0;
}

static void free_nothing(struct face_engine *engine)
{
    (void)engine;
}

struct face_engine *fake_eyes(void)
{
    static struct face_engine engine = {
        .name = "fake", .analyse = look, .threads = FAKE_EYES_THREADS, .free = free_nothing};

    return &engine;
}

const char *fake_eyes_setting(void)
{
    return VARIABLE "=1";
}

static int run(void)
{
    struct emotion_conf conf;
    struct err err = {0};

    log_init(EMOTION_SERVICE);
    if (emotion_conf_load(&conf, &err) < 0 || stop_on_signals(&err) < 0 ||
        emotion_run(&conf, fake_eyes(), "", &err) < 0)
        return log_fatal(&err, "the emotion service under test");
    return EXIT_SUCCESS;
}

__attribute__((constructor)) static void be_the_service(void)
{
    const char *wanted = getenv(VARIABLE);

    if (wanted && *wanted)
        exit(run());
}
