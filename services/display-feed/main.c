/* main.c - display-feed: what each zone's screens show. Wiring only. */
#include "services/common/program.h"
#include "services/display-feed/display_feed.h"

static int load(void *conf, struct err *err)
{
    return display_feed_conf_load(conf, err);
}

static int run(void *conf, struct err *err)
{
    return display_feed_run(conf, err);
}

int main(int argc, char **argv)
{
    struct display_feed_conf conf;
    const struct program program = {
        .name = DISPLAY_FEED_SERVICE,
        .meaning = "says what the screens of each zone show, and whether they do",
        .fields = display_feed_fields,
        .field_count = display_feed_field_count,
        .conf = &conf,
        .load = load,
        .run = run};

    return program_main(&program, argc, argv);
}
