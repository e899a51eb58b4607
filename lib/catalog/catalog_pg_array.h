/* catalog_pg_array.h - arrays in PostgreSQL's binary form, so that a column of a batch is one
 * parameter that needs no quoting. */
#ifndef LIB_CATALOG_CATALOG_PG_ARRAY_H
#define LIB_CATALOG_CATALOG_PG_ARRAY_H

#include <stdint.h>

#include "lib/base/buf.h"

/* The types that are used here: of an element, and of the array of it. */
enum catalog_pg_type {
    CATALOG_PG_INT2 = 21,
    CATALOG_PG_INT8 = 20,
    CATALOG_PG_TEXT = 25,
    CATALOG_PG_BYTEA = 17,
};
unsigned catalog_pg_array_type(enum catalog_pg_type type);

/* Starts an array of count elements in an empty buffer; as many calls follow. */
void catalog_pg_array_begin(struct buf *out, enum catalog_pg_type type, size_t count);
void catalog_pg_array_int2(struct buf *out, int number);
void catalog_pg_array_int8(struct buf *out, int64_t number);
void catalog_pg_array_bytes(struct buf *out, const void *bytes, size_t size);
void catalog_pg_array_null(struct buf *out);

#endif
