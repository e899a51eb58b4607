/* main.c - item-ingest: garden.objects into the catalogue and garden.items. Wiring only. */
#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "services/common/front.h"
#include "services/common/program.h"
#include "services/item-ingest/engines.h"
#include "services/item-ingest/ingest_conf.h"
#include "services/item-ingest/pipeline.h"

static int load(void *conf, struct err *err)
{
    return ingest_conf_load(conf, err);
}

static int run(void *ctx, struct err *err)
{
    const struct ingest_conf *conf = ctx;
    struct engines engines = {0};
    struct front *front = front_start(conf->listen, 1, err);
    struct pipeline *pipeline = NULL;

    if (!front)
        return err_wrap(err, "listening on %s", conf->listen);
    log_info("answering on port %d", front_port(front));
    if (engines_open(&engines, conf, err) == 0)
        pipeline = pipeline_start(conf, &engines, front, err);
    if (pipeline)
        (void)stop_wait(-1);
    front_free(front);
    pipeline_free(pipeline);
    engines_done(&engines);
    return err->code && !stopping() ? err->code : 0;
}

int main(int argc, char **argv)
{
    struct ingest_conf conf;
    const struct program program = {.name = INGEST_SERVICE,
                                    .meaning =
                                        "catalogues the pictures that garden.objects tells of",
                                    .fields = ingest_fields,
                                    .field_count = ingest_field_count,
                                    .conf = &conf,
                                    .load = load,
                                    .run = run};

    return program_main(&program, argc, argv);
}
