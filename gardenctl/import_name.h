/* import_name.h - what an imported file is called in the garden: "<stem>_<index><h or v>.jpeg",
 * as the contract has it. */
#ifndef GARDENCTL_IMPORT_NAME_H
#define GARDENCTL_IMPORT_NAME_H

#include <stddef.h>

#include "proto/key.h"

enum { IMPORT_STEM = 200 };

struct import_name {
    char stem[IMPORT_STEM]; /* cut where the file's name is longer */
    int index;              /* 0 where the file's name has none */
};

/* Takes a file's name apart: "meadow.png" is meadow, 0; "img_20260504-090807_3h.jpeg" is
 * img_20260504-090807, 3. What a key may not hold becomes '_'. */
void import_name_parse(const char *file_name, struct import_name *ret_name);

/* "<stem>_<index><h or v>.jpeg". */
void import_name_format(const struct import_name *name, char orientation, char *out,
                        size_t size);

#endif
