/* store.h - objects: bytes under keys.
 *
 * Two backends behind one header, held to the same contract tests:
 *   fs   a folder; an object is a file whose path is its key. Writes go to a temporary file,
 *        are synced and renamed, so that a reader sees the old bytes or the new, never a part.
 *        A copy is a hard link: files are replaced, never written again. Symbolic links are
 *        not followed (ERR_DENIED). A part of a key has at most 255 bytes, and an object
 *        cannot be a folder of another key ("a" beside "a/b" is ERR_CONFLICT).
 *   s3   any S3 API (MinIO, Ceph, AWS, versitygw), path-style, own SigV4 signatures. An object
 *        has at most 5 GiB (no multipart uploads); what is large is best read in ranges, for
 *        which the time limit grows with the size, as it does for a put.
 *
 * Keys: see proto/key.h for what the garden allows; the store itself refuses (ERR_INVALID) what
 * could leave its folder: an empty part, "." or "..", a leading "/", control characters, over
 * 1024 bytes. A part that starts with ".tmp-" is the store's own.
 *
 * Thread-safe. fs calls are as fast as the disk; s3 calls block for network round trips: see
 * store_may_block. */
#ifndef LIB_STORE_STORE_H
#define LIB_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"

struct store_conf {
    const char *url; /* "fs" or "s3://bucket?endpoint=http://host:port[&region=us-east-1]" */
    const char *dir; /* fs: the folder; made when missing */
    const char *access_key,
        *secret_key; /* s3; NULL: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY */
    int timeout_ms;  /* s3: for one request and its retries; 0: 10000 */
};

enum { STORE_ETAG = 80 };

struct store_info {
    uint64_t size;
    int64_t mtime_ns;      /* since the epoch; s3 has whole seconds; an fs copy has the time
                              of its bytes, not its own */
    char etag[STORE_ETAG]; /* without quotes; changes whenever the bytes do */
};

/* What an s3 object carries besides its bytes; fs keeps none of it. */
struct store_meta {
    const char *content_type; /* NULL: from the key's ending */
    const char *sha256;       /* 64 hex digits, or NULL */
    uint32_t width, height;   /* 0: not known */
};

struct store;

struct store *store_open(const struct store_conf *conf, struct err *err);
void store_free(struct store *store);
DEFINE_OWNED(store)

/* True where a call may take longer than a local disk: an event loop then leaves it to a
 * thread. */
bool store_may_block(const struct store *store);

/* Writes or replaces the object; durable when it returns. meta and ret_info may be NULL.
 * ERR_IO with "no space left" when the disk is full: the old object, if any, is as it was. */
int store_put(struct store *store, const char *key, const void *data, size_t size,
              const struct store_meta *meta, struct store_info *ret_info, struct err *err);

/* The same with the bytes of an open file, from its start to its end, however large: memory
 * does not grow with it. fd is borrowed, its place in the file does not matter and does not
 * move; nothing may be written to the file afterwards, as one without a name (lib/base/spool.h)
 * may have become the object itself. */
int store_put_file(struct store *store, const char *key, int fd, const struct store_meta *meta,
                   struct store_info *ret_info, struct err *err);

/* Appends the whole object to ret_data. ret_info may be NULL. ERR_NOT_FOUND. */
int store_get(struct store *store, const char *key, struct buf *ret_data,
              struct store_info *ret_info, struct err *err);

/* Appends at most size bytes from offset on (fewer at the end). ERR_NOT_FOUND. */
int store_get_range(struct store *store, const char *key, uint64_t offset, uint64_t size,
                    struct buf *ret_data, struct store_info *ret_info, struct err *err);

/* fs: a descriptor open for reading, for sendfile; the caller closes it. s3: ERR_INVALID. */
int store_open_fd(struct store *store, const char *key, struct store_info *ret_info,
                  struct err *err);

int store_head(struct store *store, const char *key, struct store_info *ret_info,
               struct err *err);

/* Makes to the same bytes as from (which keeps existing); cheap where the backend can share
 * them. Durable when it returns. */
int store_copy(struct store *store, const char *from, const char *to,
               struct store_info *ret_info, struct err *err);

/* 0 also when there was no such object: *ret_existed (may be NULL) tells. */
int store_remove(struct store *store, const char *key, bool *ret_existed, struct err *err);

/* Calls fn for each object whose key starts with prefix and is > after (NULL: all), in the
 * order of the keys' bytes, until fn returns < 0 (which is returned) or limit were seen
 * (0: no limit). Objects that come or go meanwhile may or may not be seen. */
int store_list(struct store *store, const char *prefix, const char *after, size_t limit,
               int (*fn)(void *ctx, const char *key, const struct store_info *info,
                         struct err *err),
               void *ctx, struct err *err);

/* 0 when the store can be read and written now; says how to mend it otherwise. s3 is only read:
 * an object written as a test would make an event. */
int store_ping(struct store *store, struct err *err);

#endif
