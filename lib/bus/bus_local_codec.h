/* bus_local_codec.h - how the local backend keeps a record's headers. */
#ifndef LIB_BUS_BUS_LOCAL_CODEC_H
#define LIB_BUS_BUS_LOCAL_CODEC_H

#include "lib/base/buf.h"
#include "lib/bus/bus.h"
#include "lib/bus/bus_arena.h"

/* Appends for each header: size of the name (32 bits, little endian), the name with its NUL,
 * size of the value, the value. */
void headers_encode(struct buf *out, const struct bus_header *headers, size_t count);

/* Points record->headers at an array in the arena whose names and values lie in bytes. ERR_IO
 * where the bytes are not what headers_encode writes. */
int headers_decode(struct arena *arena, const char *bytes, size_t size,
                   struct bus_record *record, struct err *err);

#endif
