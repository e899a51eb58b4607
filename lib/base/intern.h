/* intern.h - texts to small numbers and back: 0, 1, 2... in the order in which they came.
 *
 * For millions of ids: a text costs its bytes and about 24 more. Texts are never given up. Not
 * thread-safe; readers may meet while nobody adds. */
#ifndef LIB_BASE_INTERN_H
#define LIB_BASE_INTERN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/owned.h"

#define INTERN_NONE UINT32_MAX

struct intern;

struct intern *intern_new(void); /* NULL: no memory */
void intern_free(struct intern *intern);
DEFINE_OWNED(intern)

/* The text's number, or INTERN_NONE. */
uint32_t intern_find(const struct intern *intern, const char *text);

/* The same, made where it is new; INTERN_NONE: no memory, or more than 2^32 - 2 texts. */
uint32_t intern_add(struct intern *intern, const char *text);

/* Borrowed until the next intern_add. */
const char *intern_text(const struct intern *intern, uint32_t number);

/* 64 bits that depend on the text alone, the same everywhere. */
uint64_t intern_hash(const struct intern *intern, uint32_t number);
uint64_t intern_hash_text(const char *text);

uint32_t intern_count(const struct intern *intern);

#endif
