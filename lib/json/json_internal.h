/* json_internal.h - what json.c and json_skim.c share. */
#ifndef LIB_JSON_JSON_INTERNAL_H
#define LIB_JSON_JSON_INTERNAL_H

/* Past the closing quote of the string that starts at p, or NULL where it does not end. */
const char *json_skip_string(const char *p, const char *end);

#endif
