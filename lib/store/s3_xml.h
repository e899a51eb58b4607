/* s3_xml.h - reads S3's XML answers, on expat.
 *
 * Strict: what is not well-formed is refused, and so are a document type (no S3 answer has one,
 * and entities that it could declare are how a small answer becomes a large one), depth over 16
 * and a text over 64 KiB. */
#ifndef LIB_STORE_S3_XML_H
#define LIB_STORE_S3_XML_H

#include <stddef.h>

#include "lib/base/err.h"

/* An element has ended. path is "Root/Child/...", without prefixes of namespaces; text is what
 * it has after its last child, decoded. Both are borrowed for the call. < 0 ends the reading.
 */
typedef int s3_xml_fn(void *ctx, const char *path, const char *text, struct err *err);

/* Calls fn for each element, children first. ERR_REMOTE says what is wrong and in which line;
 * else what fn returned. */
int s3_xml_read(const char *bytes, size_t size, s3_xml_fn *fn, void *ctx, struct err *err);

#endif
