/* fs_temp.h - the files that a put writes before they get their name.
 *
 * They are in one folder of the store's own at its top, so that those that a crash left behind
 * are found without a walk through all of it, and so that no other folder is kept alive by
 * them. */
#ifndef LIB_STORE_FS_TEMP_H
#define LIB_STORE_FS_TEMP_H

#include "lib/base/owned.h"

struct fs_temp {
    int folder; /* of the temporary files; 0: not begun */
    int fd;     /* open for writing; 0: there is only a name so far */
    char name[33];
};

/* Opens the folder, making it where it is missing, and chooses a name that nobody has. Returns
 * 0, or -1 with errno. */
int fs_temp_begin(struct fs_temp *temp, int root);

/* Makes the file. */
int fs_temp_create(struct fs_temp *temp);

/* Takes a file that has no name instead. -1 with errno: it cannot be had by a name here. */
int fs_temp_adopt(struct fs_temp *temp, int fd);

/* Removes the file where it still has its temporary name, and closes all. */
void fs_temp_done(struct fs_temp *temp);

/* Removes what nobody has changed for that long. */
void fs_temp_clean(int root, int older_than_s);

#endif
