/* als_memory.h - memory for factors: in whole cache lines, and large ones in huge pages, as
 * they are read at random. */
#ifndef LIB_REC_ALS_MEMORY_H
#define LIB_REC_ALS_MEMORY_H

#include <stddef.h>

/* count elements of size bytes, not cleared; NULL where there is no memory or no such number.
 * free() it. */
void *als_alloc(size_t count, size_t size);

#endif
