/* main.c - recommender-proxy: which pictures a visitor will like. Wiring only. */
#include <string.h>

#include "services/common/program.h"
#include "services/recommender-proxy/recommender.h"

static int load(void *conf, struct err *err)
{
    return recommender_conf_load(conf, err);
}

static int run(void *ctx, struct err *err)
{
    const struct recommender_conf *conf = ctx;
    OWNED(rec_engine) remote = NULL;

    if (strcmp(conf->engine, "local") != 0) {
        remote = remote_conf_open(&conf->remote, conf->engine, err);
        if (!remote)
            return err->code;
    }
    return recommender_run(conf, remote, err);
}

int main(int argc, char **argv)
{
    static struct recommender_conf conf;
    const struct program program = {.name = RECOMMENDER_SERVICE,
                                    .meaning = "chooses the pictures that a visitor will like, "
                                               "and takes in what visitors do",
                                    .fields = recommender_fields,
                                    .field_count = recommender_field_count,
                                    .conf = &conf,
                                    .load = load,
                                    .run = run};

    return program_main(&program, argc, argv);
}
