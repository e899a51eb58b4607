/* catalog_pg_array.c - see catalog_pg_array.h. The form is that of array_recv: the number of
 * dimensions, a flag for NULLs, the element's type, then length and lower bound of the one
 * dimension, then each element with its size in front; all integers big-endian. */
#include "lib/catalog/catalog_pg_array.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

unsigned catalog_pg_array_type(enum catalog_pg_type type)
{
    enum { BYTEA_ARRAY = 1001, INT2_ARRAY = 1005, TEXT_ARRAY = 1009, INT8_ARRAY = 1016 };

    switch (type) {
    case CATALOG_PG_INT2:
        return INT2_ARRAY;
    case CATALOG_PG_INT8:
        return INT8_ARRAY;
    case CATALOG_PG_TEXT:
        return TEXT_ARRAY;
    case CATALOG_PG_BYTEA:
        return BYTEA_ARRAY;
    }
    return 0;
}

static void put32(struct buf *out, uint32_t number)
{
    number = htonl(number);
    buf_append(out, &number, sizeof number);
}

void catalog_pg_array_begin(struct buf *out, enum catalog_pg_type type, size_t count)
{
    put32(out, 1);
    put32(out, 1);
    put32(out, (uint32_t)type);
    put32(out, (uint32_t)count);
    put32(out, 1);
}

void catalog_pg_array_bytes(struct buf *out, const void *bytes, size_t size)
{
    put32(out, (uint32_t)size);
    buf_append(out, bytes, size);
}

void catalog_pg_array_int2(struct buf *out, int number)
{
    uint16_t swapped = htons((uint16_t)number);

    catalog_pg_array_bytes(out, &swapped, sizeof swapped);
}

void catalog_pg_array_int8(struct buf *out, int64_t number)
{
    uint64_t swapped = htobe64((uint64_t)number);

    catalog_pg_array_bytes(out, &swapped, sizeof swapped);
}

void catalog_pg_array_null(struct buf *out)
{
    put32(out, UINT32_MAX);
}
