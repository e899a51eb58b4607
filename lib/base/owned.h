/* owned.h - locals that free what they own when they go out of scope.
 *
 *   OWNED(bus) bus = bus_open(&conf, &err);      a struct bus *, bus_free()d at scope end
 *   OWNED_VALUE(buf) text = {0};                 a struct buf in place, buf_done() at scope end
 *
 * OWNED works for any struct T with a T_free() that accepts NULL and a DEFINE_OWNED(T) beside
 * it; OWNED_VALUE for any struct T with a T_done() that accepts a zeroed struct. */
#ifndef LIB_BASE_OWNED_H
#define LIB_BASE_OWNED_H

#define OWNED(T) __attribute__((cleanup(T##_freep))) struct T *
#define OWNED_VALUE(T) __attribute__((cleanup(T##_done))) struct T

#define DEFINE_OWNED(T)                        \
    static inline void T##_freep(struct T **p) \
    {                                          \
        T##_free(*p);                          \
    }

/* A malloc()ed char * that is free()d at scope end. */
#define OWNED_STRING __attribute__((cleanup(owned_string_done))) char *

#include <stdlib.h>

static inline void owned_string_done(char **p)
{
    free(*p);
}

#endif
