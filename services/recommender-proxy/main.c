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

enum { FIELDS_MAX = 64 };

/* Both tables, for --help; each is loaded into its own struct (recommender_conf_load). */
static size_t join_fields(struct conf_field *out)
{
    size_t count = 0;

    for (size_t i = 0; i < recommender_field_count; i++)
        out[count++] = recommender_fields[i];
    for (size_t i = 0; i < remote_field_count; i++)
        out[count++] = remote_fields[i];
    return count;
}

int main(int argc, char **argv)
{
    struct conf_field fields[FIELDS_MAX];
    struct recommender_conf conf;
    const struct program program = {.name = RECOMMENDER_SERVICE,
                                    .meaning = "chooses the pictures that a visitor will like, "
                                               "and takes in what visitors do",
                                    .fields = fields,
                                    .field_count = join_fields(fields),
                                    .conf = &conf,
                                    .load = load,
                                    .run = run};

    return program_main(&program, argc, argv);
}
