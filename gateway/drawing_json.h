/* drawing_json.h - a job of the generator as clients see it. */
#ifndef GATEWAY_DRAWING_JSON_H
#define GATEWAY_DRAWING_JSON_H

#include "gateway/drawing.h"

/* Appends it as a JSON object. base is what URLs start with. */
void drawing_write(const struct drawing *drawing, const char *base, struct buf *out);

/* Appends the URLs of its pictures as a JSON array. */
void drawing_write_urls(const struct drawing *drawing, const char *base, struct buf *out);

#endif
