/* main.c - item-ingest: garden.objects into the catalogue and garden.items. Wiring only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"

#include "services/common/front.h"
#include "services/item-ingest/engines.h"
#include "services/item-ingest/ingest_conf.h"
#include "services/item-ingest/pipeline.h"

static int print_help(int status)
{
    puts("item-ingest: catalogues the pictures that garden.objects tells of\n\n"
         "  --help               this text\n"
         "  --settings-markdown  its own settings as a section of docs/settings.md\n\n"
         "Settings, by environment variables:");
    conf_print_help(garden_fields, garden_field_count);
    conf_print_help(ingest_fields, ingest_field_count);
    return status;
}

static int run(const struct ingest_conf *conf, struct err *err)
{
    struct engines engines = {0};
    struct front *front = front_start(conf->listen, err);
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
    struct err err = {0};
    struct ingest_conf conf;

    if (argc > 1 && strcmp(argv[1], "--settings-markdown") == 0) {
        conf_print_markdown(INGEST_SERVICE, ingest_fields, ingest_field_count);
        return EXIT_SUCCESS;
    }
    if (argc > 1)
        return print_help(strcmp(argv[1], "--help") == 0 ? EXIT_SUCCESS : 2);
    log_init(INGEST_SERVICE);
    if (ingest_conf_load(&conf, &err) < 0)
        return log_fatal(&err, "reading the settings");
    if (stop_on_signals(&err) < 0)
        return log_fatal(&err, "handling signals");
    if (run(&conf, &err) < 0)
        return log_fatal(&err, "starting");
    log_info("stopped");
    return EXIT_SUCCESS;
}
