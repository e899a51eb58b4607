/* export_event.c - see export_event.h. */
#include "proto/export_event.h"

#include "proto/codec.h"

const char *const export_type_names[] = {"requested", "started", "done", "failed", NULL};

static const struct codec_field file_fields[] = {
    {CODEC_FIELD(struct export_file, key, "key", CODEC_STR), .required = true,
     .check = codec_check_key},
    {CODEC_FIELD(struct export_file, rows, "rows", CODEC_UINT64), .required = true,
     .max = CODEC_EXACT_MAX},
    {CODEC_FIELD(struct export_file, size_bytes, "size_bytes", CODEC_UINT64), .required = true,
     .max = CODEC_EXACT_MAX},
    {CODEC_FIELD(struct export_file, sha256, "sha256", CODEC_STR), .required = true,
     .check = codec_check_sha256},
};

static const struct codec file =
    CODEC_TABLE("an export's file", struct export_file, file_fields, NULL);

static const struct codec_field offset_fields[] = {
    {CODEC_FIELD(struct export_offset, topic, "topic", CODEC_STR), CODEC_ID(249)},
    {CODEC_FIELD(struct export_offset, partition, "partition", CODEC_UINT32), .required = true,
     .max = INT32_MAX},
    {CODEC_FIELD(struct export_offset, from, "from", CODEC_UINT64), .required = true,
     .max = CODEC_EXACT_MAX},
    {CODEC_FIELD(struct export_offset, to, "to", CODEC_UINT64), .required = true,
     .max = CODEC_EXACT_MAX},
};

static int check_offset(const void *checked, struct err *err)
{
    const struct export_offset *offset = checked;

    return offset->from <= offset->to ? 0 : err_set(err, ERR_INVALID, "from is after to");
}

static const struct codec offset =
    CODEC_TABLE("an export's offset", struct export_offset, offset_fields, check_offset);

#define FIELD(member_, name_, type_) CODEC_FIELD(struct export_event, member_, name_, type_)

static const struct codec_field fields[] = {
    {FIELD(export_id, "export_id", CODEC_STR), CODEC_ID(EXPORT_ID_MAX)},
    {FIELD(type, "type", CODEC_CHOICE), .required = true, .names = export_type_names},
    {FIELD(timestamp_ms, "timestamp", CODEC_INT), CODEC_TIME},
    {FIELD(files, "files", CODEC_LIST), .element = &file,
     .count_offset = offsetof(struct export_event, file_count), .max = EXPORT_FILES_MAX},
    {FIELD(offsets, "offsets", CODEC_LIST), .element = &offset,
     .count_offset = offsetof(struct export_event, offset_count), .max = EXPORT_OFFSETS_MAX},
    {FIELD(unreadable, "unreadable", CODEC_UINT64), .max = CODEC_EXACT_MAX},
    {FIELD(repeated, "repeated", CODEC_UINT64), .max = CODEC_EXACT_MAX},
    {FIELD(reason, "reason", CODEC_STR), .max = CODEC_REASON_MAX},
};

static int check(const void *checked, struct err *err)
{
    const struct export_event *event = checked;

    if (event->type == EXPORT_DONE && event->file_count == 0)
        return err_set(err, ERR_INVALID, "files is missing, which type 'done' needs");
    if (event->type == EXPORT_FAILED)
        return codec_need(event->reason, "reason", "failed", err);
    return 0;
}

static const struct codec codec =
    CODEC_TABLE("an export event", struct export_event, fields, check);

int export_event_encode(struct buf *out, const struct export_event *event, struct err *err)
{
    return codec_encode(&codec, out, event, err);
}

int export_event_decode(const void *bytes, size_t size, struct export_event *ret_event,
                        struct buf *storage, struct err *err)
{
    return codec_decode(&codec, bytes, size, ret_event, storage, err);
}
