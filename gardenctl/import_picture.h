/* import_picture.h - makes a file into what the garden stores: a JPEG that can be shown. */
#ifndef GARDENCTL_IMPORT_PICTURE_H
#define GARDENCTL_IMPORT_PICTURE_H

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/crypto/crypto.h"

struct import_picture {
    struct buf jpeg;         /* owned */
    char sha256[SHA256_HEX]; /* of jpeg */
    char orientation;        /* 'v' where it is higher than wide when upright, else 'h' */
};

/* A JPEG stays as it is; PNG and WebP are converted, with their recipe if they carry one. The
 * same file always gives the same bytes. ERR_INVALID and ERR_TOO_LARGE say how to mend it. */
int import_picture_read(const char *path, struct import_picture *ret_picture, struct err *err);

void import_picture_done(struct import_picture *picture);

#endif
