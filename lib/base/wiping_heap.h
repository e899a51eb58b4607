/* wiping_heap.h - a heap that zeroes what is given back, for a whole process.
 *
 * Libraries that decode a visitor's picture take memory from the heap and give it back as it
 * is; some of it would stand there until somebody else needs the place. A program whose main.c
 * includes this (nobody else may: it defines free) leaves nothing there, whichever library it
 * was. Under AddressSanitizer, which has a heap of its own, nothing is changed.
 *
 * glibc allows a program to define these; its own are still there under another name. */
#ifndef LIB_BASE_WIPING_HEAP_H
#define LIB_BASE_WIPING_HEAP_H

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define WIPING_HEAP_OFF
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
#define WIPING_HEAP_OFF
#endif

#ifndef WIPING_HEAP_OFF

/* glibc's names, reserved as they are, are the only way to what free was. */
extern void wiping_heap_free(void *memory) __asm__("__libc_free");
extern void *wiping_heap_realloc(void *memory, size_t size) __asm__("__libc_realloc");

void free(void *ptr)
{
    if (!ptr)
        return;
    explicit_bzero(ptr, malloc_usable_size(ptr));
    wiping_heap_free(ptr);
}

/* glibc's may move what is there and leave the old place as it was: so what grows moves here.
 */
void *realloc(void *ptr, size_t size)
{
    size_t before = ptr ? malloc_usable_size(ptr) : 0;
    void *moved;

    if (!ptr || size == 0)
        return ptr ? (free(ptr), NULL) : malloc(size);
    if (size <= before) {
        explicit_bzero((char *)ptr + size, before - size);
        return wiping_heap_realloc(ptr, size);
    }
    moved = malloc(size);
    if (!moved)
        return NULL;
    memcpy(moved, ptr, before);
    free(ptr);
    return moved;
}

#endif

#endif
