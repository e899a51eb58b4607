/* fs_path.h - files and folders below the store's folder, reached without following any
 * symbolic link, so that no key leads out of it.
 *
 * root is a descriptor of the store's folder, key a key that store.c has checked. All return a
 * descriptor (the caller closes it) or -1 with errno: ELOOP where a link is in the way. */
#ifndef LIB_STORE_FS_PATH_H
#define LIB_STORE_FS_PATH_H

#include <stdbool.h>

/* The part after the last '/'. */
const char *fs_name(const char *key);

/* Opens the file for reading; does not wait for the other end of a FIFO. */
int fs_open_file(int root, const char *key);

/* Opens the folder that the key's file is in. */
int fs_open_parent(int root, const char *key);

/* As fs_open_parent, and makes the folders that are missing; sets *made where there were any,
 * which are durable only after fs_sync_above. ENOENT where another process removes them at
 * the same time: try again. */
int fs_make_parent(int root, const char *key, bool *made);

/* Syncs the folders above that of the key, up to the root. */
int fs_sync_above(int root, const char *key);

/* Opens the folder path, "" for the root. */
int fs_open_folder(int root, const char *path);

/* Removes the folders above the key that are empty, and syncs the first that stays. parent is
 * the descriptor of the key's folder; it is closed. Returns 0, or -1 with errno. */
int fs_prune(int root, const char *key, int parent);

#endif
