/* What a backup is written in: the manifest, the list of objects, records as lines. */
#include "gardenctl/manifest.h"
#include "gardenctl/record_line.h"

#include "tests/support/process.h"
#include "tests/test.h"

static void put_file(const char *dir, const char *name, const char *text)
{
    folder_put(dir, name, text, strlen(text));
}

TEST(a_manifest_comes_back)
{
    const char *dir = folder_new();
    struct manifest written = {
        .created = "2026-05-04T09:08:07.123Z",
        .objects = {.file = "objects-1.jsonl", .lines = 3},
        .object_bytes = 5000000000,
        .topics = {{.topic = "garden.users", .file = "topics-1/u.jsonl"}},
        .topic_count = 1};
    struct manifest read;
    struct err err = {0};

    CHECK_INT(manifest_read(dir, &read, &err), ==, ERR_NOT_FOUND);
    CHECK_HAS(err.text, "there is no backup in");
    err_clear(&err);
    put_file(dir, "objects-1.jsonl", "some\nlines\nhere\n");
    put_file(dir, "topics-1/u.jsonl", "");
    CHECK_OK(manifest_hash(dir, &written.objects, &err), err);
    CHECK_OK(manifest_hash(dir, &written.topics[0], &err), err);
    CHECK_OK(manifest_write(dir, &written, &err), err);
    CHECK_OK(manifest_read(dir, &read, &err), err);
    CHECK_STR(read.created, written.created);
    CHECK_INT(read.objects.lines, ==, 3);
    CHECK_INT(read.object_bytes, ==, 5000000000);
    CHECK_INT(read.topic_count, ==, 1);
    CHECK_STR(read.topics[0].topic, "garden.users");
    CHECK_OK(manifest_verify(dir, &read.objects, &err), err);
    CHECK_OK(manifest_verify(dir, &read.topics[0], &err), err);
    put_file(dir, "objects-1.jsonl", "some\nlimes\nhere\n");
    CHECK_INT(manifest_verify(dir, &read.objects, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "damaged");
}

TEST(a_manifest_cannot_lead_out_of_its_folder)
{
    const char *dir = folder_new();
    struct manifest read;
    struct err err = {0};

    put_file(dir, "manifest.json",
             "{\"format\":1,\"created\":\"x\",\"objects\":{\"file\":\"../../etc/passwd\","
             "\"lines\":1,\"sha256\":\"\",\"bytes\":1},\"topics\":[]}");
    CHECK_INT(manifest_read(dir, &read, &err), ==, ERR_INVALID);
    err_clear(&err);
    put_file(dir, "manifest.json", "{\"format\":2}");
    CHECK_INT(manifest_read(dir, &read, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "format 2");
}

TEST(a_list_of_objects_is_sought_in_order)
{
    FILE *file = tmpfile();
    struct manifest_object at = {0};
    const char *const keys[] = {"emotions/calm/a.jpeg", "emotions/calm/b \"x\".jpeg",
                                "imgPool/happy/c.jpeg"};
    struct err err = {0};

    for (size_t i = 0; i < 3; i++) {
        struct manifest_object object = {.size = i + 10, .etag = "e", .sha256 = "00"};

        (void)snprintf(object.key, sizeof object.key, "%s", keys[i]);
        CHECK_OK(manifest_object_write(file, &object, &err), err);
    }
    (void)fputs("{\"key\":\"imgPool/happy/d.jp", file); /* cut by a crash */
    rewind(file);
    CHECK(!manifest_seek(file, &at, "dataset/x"));
    CHECK(manifest_seek(file, &at, keys[1]));
    CHECK_INT(at.size, ==, 11);
    CHECK(!manifest_seek(file, &at, "emotions/zz"));
    CHECK(manifest_seek(file, &at, keys[2]));
    CHECK(!manifest_seek(file, &at, "imgPool/happy/d.jpeg"));
    CHECK(!manifest_seek(file, &at, "imgPool/happy/e.jpeg"));
    CHECK(!manifest_seek(NULL, &at, "x"));
    (void)fclose(file);
}

static void check_record(const struct bus_record *record)
{
    OWNED_VALUE(buf) line = {0};
    OWNED_VALUE(record_line) back = {0};
    struct err err = {0};

    record_line_write(&line, record);
    CHECK(buf_ok(&line));
    CHECK(strchr(line.data, '\n') == line.data + line.size - 1);
    CHECK_OK(record_line_read(&back, line.data, line.size, &err), err);
    CHECK_INT(back.record.partition, ==, record->partition);
    CHECK_INT(back.record.offset, ==, record->offset);
    CHECK_INT(back.record.timestamp_ms, ==, record->timestamp_ms);
    CHECK((back.record.key == NULL) == (record->key == NULL));
    CHECK((back.record.value == NULL) == (record->value == NULL));
    CHECK_INT(back.record.key_size, ==, record->key_size);
    CHECK_INT(back.record.value_size, ==, record->value_size);
    CHECK(!record->key || memcmp(back.record.key, record->key, record->key_size) == 0);
    CHECK(!record->value || memcmp(back.record.value, record->value, record->value_size) == 0);
    CHECK_INT(back.record.header_count, ==, record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        CHECK_STR(back.headers[i].name, record->headers[i].name);
        CHECK_INT(back.headers[i].value_size, ==, record->headers[i].value_size);
        CHECK(memcmp(back.headers[i].value, record->headers[i].value,
                     record->headers[i].value_size) == 0);
    }
}

TEST(records_of_any_bytes_come_back)
{
    const struct bus_header headers[] = {
        {"ce_id", "17", 2}, {"odd", "\xff\0\x01", 3}, {"", "", 0}};
    char bytes[256];

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    check_record(&(struct bus_record){.partition = 3,
                                      .offset = 7,
                                      .timestamp_ms = 1777885687123,
                                      .key = "zone1",
                                      .key_size = 5,
                                      .value = "{\"a\":1}",
                                      .value_size = 7,
                                      .headers = headers,
                                      .header_count = 3});
    for (size_t size = 250; size <= 256; size++)
        check_record(&(struct bus_record){
            .key = bytes, .key_size = size, .value = bytes, .value_size = size});
    check_record(&(struct bus_record){.key = "k", .key_size = 1}); /* a tombstone */
    check_record(&(struct bus_record){.value = "", .value_size = 0});
}

TEST(lines_that_are_no_records_are_refused)
{
    OWNED_VALUE(record_line) line = {0};
    struct err err = {0};

    CHECK_INT(record_line_read(&line, "{\"key\":\"a\"}", 11, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "time_ms");
    err_clear(&err);
    CHECK_INT(record_line_read(&line, "{\"time_ms\":1,\"key_base64\":\"a+b\"}", 32, &err), ==,
              ERR_INVALID);
}
