/* fs_list.h - the objects of a folder tree in the order of their keys. */
#ifndef LIB_STORE_FS_LIST_H
#define LIB_STORE_FS_LIST_H

#include <sys/stat.h>

#include "lib/store/store_internal.h"

/* What the store says about a file. */
void fs_info_of(const struct stat *st, struct store_info *ret_info);

/* As store_list, below the folder root (borrowed). dir is its name, for errors. Holds one
 * descriptor and the names of one folder for each level. */
int fs_list(int root, const char *dir, const struct store_listing *listing, struct err *err);

#endif
