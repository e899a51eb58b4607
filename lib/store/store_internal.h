/* store_internal.h - what a backend of the store is. Not for users of store.h. */
#ifndef LIB_STORE_STORE_INTERNAL_H
#define LIB_STORE_STORE_INTERNAL_H

#include "lib/store/store.h"

enum { STORE_KEY_MAX = 1024 }; /* bytes */

/* A key's part that starts so is the store's own and is never an object's. */
#define STORE_TEMP_PREFIX ".tmp-"

typedef int store_list_fn(void *ctx, const char *key, const struct store_info *info,
                          struct err *err);

struct store_listing {
    const char *prefix, *after; /* "" where there is none */
    size_t limit;               /* 0: none */
    store_list_fn *fn;
    void *ctx;
};

struct store_bytes {
    const void *data;
    size_t size;
};

/* A file whose bytes an object is to have. */
struct store_file {
    int fd;
    uint64_t size;
    bool nameless; /* nobody else can come to have it open */
};

struct store_range {
    uint64_t offset, size; /* size is UINT64_MAX: to the end */
};

/* As the functions of store.h; keys were checked, ret_info and ret_existed may be NULL. */
struct store_ops {
    void (*free)(struct store *store);
    int (*put)(struct store *store, const char *key, struct store_bytes bytes,
               const struct store_meta *meta, struct store_info *ret_info, struct err *err);
    int (*put_file)(struct store *store, const char *key, struct store_file file,
                    const struct store_meta *meta, struct store_info *ret_info,
                    struct err *err);
    int (*get)(struct store *store, const char *key, struct store_range range,
               struct buf *ret_data, struct store_info *ret_info, struct err *err);
    int (*open_fd)(struct store *store, const char *key, struct store_info *ret_info,
                   struct err *err);
    int (*head)(struct store *store, const char *key, struct store_info *ret_info,
                struct err *err);
    int (*copy)(struct store *store, const char *from, const char *to,
                struct store_info *ret_info, struct err *err);
    int (*remove)(struct store *store, const char *key, bool *ret_existed, struct err *err);
    int (*list)(struct store *store, const struct store_listing *listing, struct err *err);
    int (*ping)(struct store *store, struct err *err);
    bool may_block;
};

/* The first member of each backend's own struct. */
struct store {
    const struct store_ops *ops;
};

struct store *store_fs_open(const struct store_conf *conf, struct err *err);

struct store *store_s3_open(const struct store_conf *conf, struct err *err);

/* What is wrong with a part of a key, or with a key (of 1024 bytes at most), or NULL. */
const char *store_part_fault(const char *part, size_t size);
const char *store_key_fault(const char *key);

#endif
