/* main.c - csv-exporter: what the topics hold as three CSV files. Wiring only. */
#include "services/common/program.h"
#include "services/csv-exporter/csv_exporter.h"

static int load(void *conf, struct err *err)
{
    return csv_exporter_conf_load(conf, err);
}

static int run(void *conf, struct err *err)
{
    return csv_exporter_run(conf, err);
}

int main(int argc, char **argv)
{
    struct csv_exporter_conf conf;
    const struct program program = {
        .name = CSV_EXPORTER_SERVICE,
        .meaning = "writes users, items and interactions as CSV files, when asked for and by a "
                   "schedule",
        .fields = csv_exporter_fields,
        .field_count = csv_exporter_field_count,
        .conf = &conf,
        .load = load,
        .run = run};

    return program_main(&program, argc, argv);
}
