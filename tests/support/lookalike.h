/* lookalike.h - pictures that look the same and are not, for what compares pictures: paintings
 * of the starter garden, as they are or saved anew. */
#ifndef TESTS_SUPPORT_LOOKALIKE_H
#define TESTS_SUPPORT_LOOKALIKE_H

#include "lib/base/buf.h"
#include "lib/crypto/crypto.h"
#include "proto/item_event.h"

enum { LOOKALIKE_PAINTINGS = 4 };

/* The file of a painting, 0 to LOOKALIKE_PAINTINGS - 1; quality 0: as it is, else saved anew
 * with it, and so with other bytes. Appends. */
void lookalike_paint(int painting, int quality, struct buf *ret_file);

/* What garden.items says of a file under a key. The key is borrowed, and the emotion valid
 * until the next call. */
struct item_event lookalike_event(const char *key, const struct buf *file,
                                  char sha256[SHA256_HEX]);

#endif
