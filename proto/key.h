/* key.h - the grammar of object keys.
 *
 *   imgPool/<emotion>[/<favorite>]/<name>      generated, not yet chosen
 *   emotions/<emotion>[/<favorite>]/<name>     chosen, served, recommended
 *   display/..., dataset/..., html/...         not pictures of the garden
 *   trash/<key>                                removed, can be restored
 *   cache/...                                  thumbnails; may be dropped at any time
 *   state/...                                  what the garden remembers of itself
 *
 * emotion: one of the eight of emotion_names, in lower case.
 *
 * favorite: any text without '/' and without the letters A to Z. Letters outside ASCII are
 * taken as they are, since what lower case means differs by language.
 *
 * name: any text without '/' that ends in .jpeg, as the garden's own do, or in .jpg, .png or
 * .webp, as other programs' may, in either case, with something before the ending. What is no
 * picture (a folder's marker, a listing) is refused here, so that it never becomes an item.
 *
 * All of a key is safe to store (key_check). The search key is "<emotion>" or
 * "<emotion>/<favorite>". */
#ifndef PROTO_KEY_H
#define PROTO_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

enum { KEY_BYTES = 1025 }; /* a buffer for any key, NUL included */

#define KEY_POOL_PREFIX "imgPool/"
#define KEY_GARDEN_PREFIX "emotions/"
#define KEY_TRASH_PREFIX "trash/"
#define KEY_CACHE_PREFIX "cache/"
#define KEY_STATE_PREFIX "state/"

enum key_area { KEY_POOL, KEY_GARDEN };

struct key {
    enum key_area area;
    char search_key[KEY_BYTES];
    char name[KEY_BYTES];
    char orientation; /* 'v' where the name ends in "v.jpeg", else 'h': other endings say
                         nothing of it */
};

/* The eight emotions in the contract's order, lower case; a NULL follows. */
enum { EMOTION_COUNT = 8 };
extern const char *const emotion_names[EMOTION_COUNT + 1];
bool emotion_is_known(const char *emotion, size_t size);

/* Safe to store: no empty, "." or ".." part, no control character (U+0000 to U+001F, U+007F to
 * U+009F), no leading "/", UTF-8, 1 to 1024 bytes. ERR_INVALID names what is wrong and where.
 */
int key_check(const char *key, size_t size, struct err *err);

/* True for keys under imgPool/ or emotions/: those that the catalogue is about. */
bool key_is_picture(const char *key);

/* Takes a picture's key apart. Another number of parts than 3 or 4 is ERR_INVALID, never
 * guessed. key need not be NUL-terminated. */
int key_parse(const char *key, size_t size, struct key *ret_key, struct err *err);

/* The inverse. */
int key_format(enum key_area area, const char *search_key, const char *name,
               char ret_key[KEY_BYTES], struct err *err);

/* The same picture's key in the other area. */
int key_move(const char *key, enum key_area area, char ret_key[KEY_BYTES], struct err *err);

/* "happy", "happy/spring,sunny,day": ERR_INVALID names the eight emotions. */
int search_key_check(const char *search_key, struct err *err);

#endif
