/* secret.h - memory for what nobody may keep: a visitor's picture.
 *
 * It is not swapped out (mlock), left out of core dumps and of children (MADV_DONTDUMP,
 * MADV_WIPEONFORK), and zeroed when it is given back. */
#ifndef LIB_BASE_SECRET_H
#define LIB_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Whole pages, zeroed; NULL without memory. *ret_locked (may be NULL): false where the limit on
 * locked memory (ulimit -l) does not allow to lock it: it works all the same, but may be
 * swapped out. */
void *secret_alloc(size_t bytes, bool *ret_locked);
/* How many pieces this process could not lock so far: where it did not grow while something was
 * at work, all that it took was locked. Any thread. */
size_t secret_misses(void);

void secret_free(void *memory, size_t bytes); /* bytes as at secret_alloc; NULL is fine */

/* Zeroes, also where the compiler believes that nobody looks any more. */
void secret_wipe(void *memory, size_t bytes);

/* memcpy(3) that leaves nothing of it in vector registers, which whatever runs next may put on
 * the stack (as the dynamic linker does at the first call of a function). */
void secret_copy(void *to, const void *from, size_t bytes);

/* Zeroes the vector registers and 256 KiB of this thread's stack below the caller: what was
 * called before may have left something there. */
void secret_scrub(void);

/* From here on this process leaves no core dump and cannot be traced by others of its user. */
void secret_process(void);

#endif
