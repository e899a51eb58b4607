/* text.h - small things about text that several parts need. */
#ifndef LIB_BASE_TEXT_H
#define LIB_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/* True for well-formed UTF-8 (no overlong form, no surrogate, nothing past U+10FFFF). */
bool text_is_utf8(const char *text, size_t size);

/* The length of the one well-formed UTF-8 sequence that text starts with, 0 where there is
 * none. size is at least 1. */
size_t text_utf8_length(const char *text, size_t size);

/* How many characters from U+0020 to U+007E text starts with: nearly all that there are, and so
 * worth to be passed over eight at a time. */
size_t text_printable(const char *text, size_t size);

/* Appends text with &, <, >, " and ' escaped, for the text and the quoted attributes of HTML
 * and XML. */
void text_escape_markup(struct buf *out, const char *text);

/* Appends text percent-encoded as RFC 3986 says: unreserved characters stay, upper-case hex;
 * '/' stays where keep_slash. */
void text_url_encode(struct buf *out, const char *text, size_t size, bool keep_slash);

/* Appends text percent-decoded; '+' becomes a space where plus_is_space. ERR_INVALID for a '%'
 * without two hex digits after it and for an encoded NUL. */
int text_url_decode(struct buf *out, const char *text, size_t size, bool plus_is_space,
                    struct err *err);

/* Writes size bytes as 2 * size lower-case hex digits and a NUL. */
void text_hex(const void *bytes, size_t size, char *out);

/* The value of a hex digit, or -1. */
int text_hex_digit(char c);

bool text_starts_with(const char *text, const char *prefix);
bool text_ends_with(const char *text, const char *suffix);

/* A whole decimal number min..max and nothing else. */
int text_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret, struct err *err);

/* Copies text into a buffer of size bytes; returns 0, or -1 where it does not fit and nothing
 * was copied. */
int text_copy(char *out, size_t size, const char *text);

#endif
