/* store.c - see store.h: checks keys and hands the calls to the backend. */
#include "lib/store/store.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/base/text.h"
#include "lib/store/store_internal.h"

const char *store_part_fault(const char *part, size_t size)
{
    if (size == 0)
        return "has an empty part";
    if (part[0] == '.' && (size == 1 || (size == 2 && part[1] == '.')))
        return "has a '.' or '..' part";
    if (strncmp(part, STORE_TEMP_PREFIX, sizeof STORE_TEMP_PREFIX - 1) == 0)
        return "has a part that starts with '" STORE_TEMP_PREFIX "', which is the store's own";
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)part[i] < 0x20 || part[i] == 0x7f)
            return "has a control character";
    return text_is_utf8(part, size) ? NULL : "is not UTF-8";
}

/* The first fault of a key's parts; those that end in a '/' only where whole is false. */
static const char *parts_fault(const char *key, bool whole)
{
    for (const char *part = key, *end; part; part = *end ? end + 1 : NULL) {
        const char *fault;

        end = part + strcspn(part, "/");
        if (!*end && !whole)
            break;
        fault = store_part_fault(part, (size_t)(end - part));
        if (fault)
            return fault;
    }
    return NULL;
}

const char *store_key_fault(const char *key)
{
    return parts_fault(key, true);
}

static int check_key(const char *key, struct err *err)
{
    size_t size = strnlen(key, STORE_KEY_MAX + 1);
    const char *fault;

    if (size == 0)
        return err_set(err, ERR_INVALID, "the key is empty");
    if (size > STORE_KEY_MAX)
        return err_set(err, ERR_INVALID, "key %.60s... is over %d bytes", key, STORE_KEY_MAX);
    fault = store_key_fault(key);
    return fault ? err_set(err, ERR_INVALID, "key %.100s %s", key, fault) : 0;
}

struct store *store_open(const struct store_conf *conf, struct err *err)
{
    if (!conf->url || strcmp(conf->url, "fs") == 0)
        return store_fs_open(conf, err);
    if (text_starts_with(conf->url, "s3://"))
        return store_s3_open(conf, err);
    (void)err_set(err, ERR_INVALID,
                  "the store is \"%.100s\": write \"fs\", or "
                  "\"s3://bucket?endpoint=http://host:port&region=us-east-1\"",
                  conf->url);
    return NULL;
}

void store_free(struct store *store)
{
    if (store)
        store->ops->free(store);
}

bool store_may_block(const struct store *store)
{
    return store->ops->may_block;
}

/* The store's contract with its users has one parameter more than the usual limit. */
/* NOLINTNEXTLINE(readability-function-size) */
int store_put(struct store *store, const char *key, const void *data, size_t size,
              const struct store_meta *meta, struct store_info *ret_info, struct err *err)
{
    const struct store_bytes bytes = {data, size};
    int rc = check_key(key, err);

    return rc < 0 ? rc : store->ops->put(store, key, bytes, meta, ret_info, err);
}

int store_put_file(struct store *store, const char *key, int fd, const struct store_meta *meta,
                   struct store_info *ret_info, struct err *err)
{
    struct store_file file = {.fd = fd};
    struct stat st;
    int rc = check_key(key, err);

    if (rc < 0)
        return rc;
    if (fstat(fd, &st) < 0)
        return err_set_errno(err, "write %.80s: the file with its bytes", key);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INVALID, "write %.80s: its bytes are in no plain file", key);
    file.size = (uint64_t)st.st_size;
    file.nameless = st.st_nlink == 0;
    return store->ops->put_file(store, key, file, meta, ret_info, err);
}

int store_get(struct store *store, const char *key, struct buf *ret_data,
              struct store_info *ret_info, struct err *err)
{
    return store_get_range(store, key, 0, UINT64_MAX, ret_data, ret_info, err);
}

/* As store_put's. */
/* NOLINTNEXTLINE(readability-function-size) */
int store_get_range(struct store *store, const char *key, uint64_t offset, uint64_t size,
                    struct buf *ret_data, struct store_info *ret_info, struct err *err)
{
    const struct store_range range = {offset, size};
    int rc = check_key(key, err);

    return rc < 0 ? rc : store->ops->get(store, key, range, ret_data, ret_info, err);
}

int store_open_fd(struct store *store, const char *key, struct store_info *ret_info,
                  struct err *err)
{
    int rc = check_key(key, err);

    return rc < 0 ? rc : store->ops->open_fd(store, key, ret_info, err);
}

int store_head(struct store *store, const char *key, struct store_info *ret_info,
               struct err *err)
{
    int rc = check_key(key, err);

    return rc < 0 ? rc : store->ops->head(store, key, ret_info, err);
}

int store_copy(struct store *store, const char *from, const char *to,
               struct store_info *ret_info, struct err *err)
{
    int rc = check_key(from, err);

    if (rc == 0)
        rc = check_key(to, err);
    if (rc < 0)
        return rc;
    if (strcmp(from, to) == 0)
        return store->ops->head(store, from, ret_info, err);
    return store->ops->copy(store, from, to, ret_info, err);
}

int store_remove(struct store *store, const char *key, bool *ret_existed, struct err *err)
{
    int rc = check_key(key, err);

    return rc < 0 ? rc : store->ops->remove(store, key, ret_existed, err);
}

/* As store_put's. */
/* NOLINTNEXTLINE(readability-function-size) */
int store_list(struct store *store, const char *prefix, const char *after, size_t limit,
               store_list_fn *fn, void *ctx, struct err *err)
{
    const struct store_listing listing = {
        .prefix = prefix ? prefix : "",
        .after = after ? after : "",
        .limit = limit,
        .fn = fn,
        .ctx = ctx,
    };

    if (strlen(listing.prefix) > STORE_KEY_MAX || strlen(listing.after) > STORE_KEY_MAX)
        return err_set(err, ERR_INVALID, "the prefix or the key to list after is over %d bytes",
                       STORE_KEY_MAX);
    if (parts_fault(listing.prefix, false))
        return 0; /* no key starts so */
    return store->ops->list(store, &listing, err);
}

int store_ping(struct store *store, struct err *err)
{
    return store->ops->ping(store, err);
}
