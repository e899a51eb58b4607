/* manifest.c - see manifest.h. */
#include "gardenctl/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/json/json.h"

enum { MAX_MANIFEST = 1 << 20, MAX_LINE = 16 << 10 };

static int path_in(const char *dir, const char *name, char path[PATH_MAX], struct err *err)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);

    return n < 0 || n >= PATH_MAX
               ? err_set(err, ERR_INVALID, "%.60s... is too long for a path", dir)
               : 0;
}

/* -- manifest.json -- */

static int copy_member(const json_t *object, const char *name, char *out, size_t size,
                       struct err *err)
{
    const char *text;

    if (json_get_str(object, name, &text, err) < 0)
        return err->code;
    if (text_copy(out, size, text) < 0)
        return err_set(err, ERR_INVALID, "%s is too long", name);
    return 0;
}

static int read_file_member(const json_t *object, struct manifest_file *ret, struct err *err)
{
    if (copy_member(object, "file", ret->file, sizeof ret->file, err) < 0 ||
        json_get_int(object, "lines", &ret->lines, err) < 0 ||
        copy_member(object, "sha256", ret->sha256, sizeof ret->sha256, err) < 0)
        return err->code;
    return key_check(ret->file, strlen(ret->file), err); /* stays below DIR */
}

static int read_topics(const json_t *object, struct manifest *manifest, struct err *err)
{
    json_t *topics = NULL, *topic;
    size_t i;

    if (json_get_array(object, "topics", &topics, err) < 0)
        return err->code;
    if (json_array_size(topics) > MANIFEST_TOPICS)
        return err_set(err, ERR_INVALID, "over %d topics", MANIFEST_TOPICS);
    json_array_foreach(topics, i, topic)
    {
        struct manifest_file *file = &manifest->topics[i];

        if (copy_member(topic, "topic", file->topic, sizeof file->topic, err) < 0 ||
            read_file_member(topic, file, err) < 0)
            return err->code;
    }
    manifest->topic_count = json_array_size(topics);
    return 0;
}

static int decode(const struct buf *text, struct manifest *ret, struct err *err)
{
    OWNED_JSON object = json_parse(buf_text(text), text->size, err);
    json_t *objects = NULL;
    int64_t format = 0;

    if (!object || json_get_int(object, "format", &format, err) < 0)
        return err->code;
    if (format != MANIFEST_FORMAT)
        return err_set(err, ERR_INVALID,
                       "format %lld, but this gardenctl reads %d: use the one that wrote it",
                       (long long)format, MANIFEST_FORMAT);
    if (copy_member(object, "created", ret->created, sizeof ret->created, err) < 0 ||
        json_get_object(object, "objects", &objects, err) < 0 ||
        read_file_member(objects, &ret->objects, err) < 0 ||
        json_get_int(objects, "bytes", &ret->object_bytes, err) < 0)
        return err->code;
    return read_topics(object, ret, err);
}

int manifest_read(const char *dir, struct manifest *ret_manifest, struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    struct manifest manifest = {0};
    char path[PATH_MAX];
    int r = path_in(dir, "manifest.json", path, err);

    if (r < 0)
        return r;
    r = file_read(path, MAX_MANIFEST, &text, err);
    if (r == ERR_NOT_FOUND) {
        err_clear(err);
        return err_set(err, ERR_NOT_FOUND, "there is no backup in %.150s (no manifest.json)",
                       dir);
    }
    if (r == 0)
        r = decode(&text, &manifest, err);
    if (r < 0)
        return err_wrap(err, "%.100s", path);
    *ret_manifest = manifest;
    return 0;
}

static void put_file(struct buf *out, const struct manifest_file *file)
{
    if (*file->topic)
        json_put_str(out, "topic", file->topic);
    json_put_str(out, "file", file->file);
    json_put_int(out, "lines", file->lines);
    json_put_str(out, "sha256", file->sha256);
}

static void encode(struct buf *out, const struct manifest *manifest)
{
    json_write_open(out, '{');
    json_put_int(out, "format", MANIFEST_FORMAT);
    json_put_str(out, "created", manifest->created);
    json_write_name(out, "objects");
    json_write_open(out, '{');
    put_file(out, &manifest->objects);
    json_put_int(out, "bytes", manifest->object_bytes);
    json_write_close(out, '}');
    json_write_name(out, "topics");
    json_write_open(out, '[');
    for (size_t i = 0; i < manifest->topic_count; i++) {
        json_write_open(out, '{');
        put_file(out, &manifest->topics[i]);
        json_write_close(out, '}');
    }
    json_write_close(out, ']');
    json_write_close(out, '}');
    buf_append_char(out, '\n');
}

static int sync_folder(const char *dir, struct err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

    if (fd < 0)
        return err_set_errno(err, "opening %.200s", dir);
    r = syncfs(fd);
    if (r < 0)
        (void)err_set_errno(err, "syncing %.200s", dir);
    (void)close(fd);
    return r < 0 ? err->code : 0;
}

int manifest_write(const char *dir, const struct manifest *manifest, struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    char path[PATH_MAX];

    encode(&text, manifest);
    if (!buf_ok(&text))
        return err_set_nomem(err, "the manifest");
    if (path_in(dir, "manifest.json", path, err) < 0 || sync_folder(dir, err) < 0 ||
        file_write(path, text.data, text.size, err) < 0)
        return err->code;
    return sync_folder(dir, err);
}

/* -- the files that it names -- */

static int hash_fd(int fd, const char *path, char sha256[SHA256_HEX], struct err *err)
{
    struct stat info;
    void *bytes;

    if (fstat(fd, &info) < 0)
        return err_set_errno(err, "%.200s", path);
    if (info.st_size == 0) {
        sha256_hex("", 0, sha256);
        return 0;
    }
    bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return err_set_errno(err, "reading %.200s", path);
    sha256_hex(bytes, (size_t)info.st_size, sha256);
    (void)munmap(bytes, (size_t)info.st_size);
    return 0;
}

int manifest_hash(const char *dir, struct manifest_file *file, struct err *err)
{
    char path[PATH_MAX];
    int fd, r;

    if (path_in(dir, file->file, path, err) < 0)
        return err->code;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, "opening %.200s", path);
    r = hash_fd(fd, path, file->sha256, err);
    (void)close(fd);
    return r;
}

int manifest_verify(const char *dir, const struct manifest_file *file, struct err *err)
{
    struct manifest_file seen = *file;

    if (manifest_hash(dir, &seen, err) < 0)
        return err->code;
    if (strcmp(seen.sha256, file->sha256) != 0)
        return err_set(
            err, ERR_INVALID,
            "%.100s/%s is not what the manifest says (SHA-256): the backup is damaged", dir,
            file->file);
    return 0;
}

int manifest_object_write(FILE *file, const struct manifest_object *object, struct err *err)
{
    OWNED_VALUE(buf) line = {0};

    json_write_open(&line, '{');
    json_put_str(&line, "key", object->key);
    json_put_int(&line, "size", (int64_t)object->size);
    json_put_str(&line, "etag", object->etag);
    json_put_str(&line, "sha256", object->sha256);
    json_write_close(&line, '}');
    buf_append_char(&line, '\n');
    if (!buf_ok(&line))
        return err_set_nomem(err, "a line of the backup");
    if (fwrite(line.data, 1, line.size, file) != line.size)
        return err_set_errno(err, "writing the list of objects");
    return 0;
}

int manifest_object_read(FILE *file, struct manifest_object *ret_object, struct err *err)
{
    struct manifest_object object = {0};
    OWNED_JSON json = NULL;
    char line[MAX_LINE];
    int64_t size = 0;
    size_t length;

    if (!fgets(line, sizeof line, file))
        return ferror(file) ? err_set_errno(err, "reading the list of objects") : 0;
    length = strlen(line);
    if (length == 0 || line[length - 1] != '\n')
        return 0;
    json = json_parse(line, length, err);
    if (!json || copy_member(json, "key", object.key, sizeof object.key, err) < 0 ||
        json_get_int(json, "size", &size, err) < 0 ||
        copy_member(json, "etag", object.etag, sizeof object.etag, err) < 0 ||
        copy_member(json, "sha256", object.sha256, sizeof object.sha256, err) < 0 ||
        key_check(object.key, strlen(object.key), err) < 0)
        return err_wrap(err, "the list of objects");
    object.size = (uint64_t)size;
    *ret_object = object;
    return 1;
}

bool manifest_seek(FILE *file, struct manifest_object *object, const char *key)
{
    struct err ignored = {0};

    if (!file)
        return false;
    while (strcmp(object->key, key) < 0) {
        if (manifest_object_read(file, object, &ignored) <= 0) {
            *object = (struct manifest_object){.key = "\xff"}; /* after every key */
            return false;
        }
    }
    return strcmp(object->key, key) == 0;
}
