/* export_answer.c - see export_answer.h. */
#include "services/csv-exporter/export_answer.h"

#include "lib/base/clock.h"
#include "lib/json/json_write.h"

static void write_file(const struct export_file *file, struct buf *out)
{
    json_write_open(out, '{');
    json_put_str(out, "key", file->key);
    json_put_int(out, "rows", (int64_t)file->rows);
    json_put_int(out, "size_bytes", (int64_t)file->size_bytes);
    json_put_str(out, "sha256", file->sha256);
    json_write_close(out, '}');
}

static void write_offset(const struct export_offset *offset, struct buf *out)
{
    json_write_open(out, '{');
    json_put_str(out, "topic", offset->topic);
    json_put_int(out, "partition", offset->partition);
    json_put_int(out, "from", (int64_t)offset->from);
    json_put_int(out, "to", (int64_t)offset->to);
    json_write_close(out, '}');
}

void export_answer_result(const struct export_event *event, struct buf *out)
{
    json_write_name(out, "files");
    json_write_open(out, '[');
    for (size_t i = 0; i < event->file_count; i++)
        write_file(&event->files[i], out);
    json_write_close(out, ']');
    json_write_name(out, "offsets");
    json_write_open(out, '[');
    for (size_t i = 0; i < event->offset_count; i++)
        write_offset(&event->offsets[i], out);
    json_write_close(out, ']');
    json_put_int(out, "unreadable", (int64_t)event->unreadable);
    json_put_int(out, "repeated", (int64_t)event->repeated);
}

static void put_time(struct buf *out, const char *name, int64_t wall_ms)
{
    char text[CLOCK_TEXT];

    if (wall_ms == 0)
        return;
    clock_format_rfc3339(wall_ms, text);
    json_put_str(out, name, text);
}

static void write_end(const struct export *export, bool brief, struct buf *out)
{
    OWNED_VALUE(buf) storage = {0};
    struct export_event event;
    struct err ignored = {0};

    if (export_event_decode(export->last.data, export->last.size, &event, &storage, &ignored) <
        0)
        return; /* it was read before */
    if (event.type == EXPORT_FAILED)
        json_put_str(out, "reason", event.reason);
    else if (!brief)
        export_answer_result(&event, out);
}

void export_answer(const struct export *export, bool brief, struct buf *out)
{
    static const char *const states[] = {
        [EXPORT_REQUESTED] = "requested",
        [EXPORT_STARTED] = "running",
        [EXPORT_DONE] = "done",
        [EXPORT_FAILED] = "failed",
    };

    json_write_open(out, '{');
    json_put_str(out, "id", export->id);
    json_put_str(out, "state", states[export->state]);
    put_time(out, "requested_at", export->requested_ms);
    put_time(out, "started_at", export->started_ms);
    put_time(out, "ended_at", export->ended_ms);
    if (export_has_ended(export))
        write_end(export, brief, out);
    json_write_close(out, '}');
}
