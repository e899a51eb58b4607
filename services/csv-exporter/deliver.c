/* deliver.c - see deliver.h. */
#include "services/csv-exporter/deliver.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/json/json_write.h"
#include "services/common/retry.h"
#include "services/csv-exporter/export_answer.h"
#include "services/csv-exporter/export_tell.h"

/* One of the files, or the manifest's bytes where file is NULL. */
struct parcel {
    const struct csv_file *file;
    const void *data;
    size_t size;
};

static int put(struct store *store, const struct parcel *parcel, struct err *err)
{
    struct store_meta meta = {.content_type = "text/csv; charset=utf-8"};

    if (!parcel->file)
        return store_put(store, DATASET_MANIFEST_KEY, parcel->data, parcel->size, NULL, NULL,
                         err);
    meta.sha256 = parcel->file->sha256;
    return store_put_file(store, dataset_key(parcel->file->kind), parcel->file->fd, &meta, NULL,
                          err);
}

static int put_surely(const struct deliver_conf *conf, const struct parcel *parcel,
                      struct err *err)
{
    struct retry retry = {0};

    for (;;) {
        struct err why = {0};

        if (atomic_load(conf->stop))
            return err_set(err, ERR_CONFLICT, "the export is no longer ours");
        if (put(conf->store, parcel, &why) == 0)
            break;
        if (!export_may_pass(why.code) || clock_mono_ms() > conf->until_ms)
            return err_set(err, why.code, "%s", why.text);
        trouble_set(conf->trouble, "the store: %s", why.text);
        if (retry_loud(&retry))
            log_warn("%s; trying again", why.text);
        if (!retry_wait(&retry))
            return err_set(err, ERR_CONFLICT, "stopping");
    }
    if (retry.attempts)
        trouble_clear(conf->trouble);
    return 0;
}

int deliver(const struct deliver_conf *conf, const struct tables *tables,
            const struct export_event *event, struct err *err)
{
    OWNED_VALUE(buf) manifest = {0};
    struct parcel last = {.file = NULL};
    char time[CLOCK_TEXT];

    clock_format_rfc3339(clock_wall_ms(), time);
    json_write_open(&manifest, '{');
    json_put_str(&manifest, "export_id", event->export_id);
    json_put_str(&manifest, "time", time);
    export_answer_result(event, &manifest);
    json_write_close(&manifest, '}');
    buf_append_char(&manifest, '\n');
    if (!buf_ok(&manifest))
        return err_set_nomem(err, "the manifest");
    for (int i = 0; i < DATASET_KINDS; i++)
        if (put_surely(conf, &(struct parcel){.file = &tables->files[i]}, err) < 0)
            return err->code;
    last.data = manifest.data;
    last.size = manifest.size;
    return put_surely(conf, &last, err);
}
