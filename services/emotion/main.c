/* main.c - emotion: a face in; mood, age and gender out; nothing kept. Wiring only. */
#include <stdio.h>
#include <string.h>

#include "lib/base/secret.h"
#include "lib/base/wiping_heap.h" /* what libraries give back of a picture is zeroed */
#include "lib/nn/parallel.h"
#include "services/common/program.h"
#include "services/common/shipped.h"
#include "services/emotion/emotion.h"

static int load(void *conf, struct err *err)
{
    return emotion_conf_load(conf, err);
}

static struct face_engine *open_local(const struct emotion_conf *conf, struct err *err)
{
    char folder[PATH_MAX];
    const struct engine_local_conf local = {.models = folder,
                                            .threads = (int)conf->threads,
                                            .max_pixels = (uint64_t)conf->max_pixels};
    struct face_engine *engine = NULL;

    if (shipped_face_models(conf->models, folder, err) == 0)
        engine = engine_local_new(&local, err);
    if (!engine)
        (void)err_wrap(err, "EMOTION_MODELS");
    return engine;
}

static struct face_engine *open_rekognition(const struct emotion_conf *conf, struct err *err)
{
    const struct engine_rekognition_conf remote = {.region = conf->region,
                                                   .endpoint = conf->endpoint,
                                                   .access_key = conf->access_key,
                                                   .secret_key = conf->secret_key,
                                                   .session_token = conf->session_token,
                                                   .deadline_ms = (int)conf->deadline_ms};

    return engine_rekognition_new(&remote, err);
}

static int run(void *ctx, struct err *err)
{
    const struct emotion_conf *conf = ctx;
    const bool remote = strcmp(conf->engine, "rekognition") == 0;
    OWNED(face_engine) engine = remote ? open_rekognition(conf, err) : open_local(conf, err);
    char sent_to[64] = "";

    if (!engine)
        return err->code;
    if (remote)
        (void)snprintf(sent_to, sizeof sent_to, "Amazon Rekognition, %s", conf->region);
    return emotion_run(conf, engine, sent_to, err);
}

int main(int argc, char **argv)
{
    struct emotion_conf conf;
    const struct program program = {.name = EMOTION_SERVICE,
                                    .meaning = "sees mood, age and gender in a picture of a "
                                               "face, and keeps nothing of the picture",
                                    .fields = emotion_fields,
                                    .field_count = emotion_field_count,
                                    .conf = &conf,
                                    .load = load,
                                    .run = run};

    parallel_share(argv);
    secret_process();
    return program_main(&program, argc, argv);
}
