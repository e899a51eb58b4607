/* codec_internal.h - what reading and writing by a table share. For codec_*.c only. */
#ifndef PROTO_CODEC_INTERNAL_H
#define PROTO_CODEC_INTERNAL_H

#include "proto/codec.h"

extern const char *const codec_orientations[]; /* landscape first; ends with NULL */

bool codec_has_range(const struct codec_field *field);
int codec_out_of_range(const struct codec_field *field, const char *of, struct err *err);
int codec_check_number(const struct codec_field *field, double number, struct err *err);
int codec_check_count(const struct codec_field *field, size_t count, struct err *err);

/* The member's length, its names and its check. */
int codec_check_text(const struct codec_field *field, const char *text, struct err *err);

/* The index of text in names, or -1 with an error that lists them. */
int codec_find_name(const char *name, const char *const *names, const char *text,
                    struct err *err);

/* Of a list. */
size_t codec_element_size(const struct codec_field *field);

#endif
