/* manifest.h - what a backup holds: manifest.json, and the files that it names.
 *
 *   DIR/manifest.json           written last: there is a backup once it is there
 *   DIR/objects-<id>.jsonl      a line for each object, in the order of their keys
 *   DIR/objects/<key>           the bytes
 *   DIR/topics-<id>/<topic>.jsonl   the records, one a line
 *
 * Each backup into DIR has its own id, so that the old one stays whole until the new one is. */
#ifndef GARDENCTL_MANIFEST_H
#define GARDENCTL_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/crypto/crypto.h"
#include "proto/key.h"

enum { MANIFEST_FORMAT = 1, MANIFEST_TOPICS = 8, MANIFEST_NAME = 96 };

/* A file of lines that the manifest names. */
struct manifest_file {
    char topic[MANIFEST_NAME]; /* "" for the list of objects */
    char file[MANIFEST_NAME];  /* below DIR */
    int64_t lines;
    char sha256[SHA256_HEX];
};

struct manifest {
    char created[CLOCK_TEXT]; /* RFC 3339 */
    struct manifest_file objects;
    int64_t object_bytes;
    struct manifest_file topics[MANIFEST_TOPICS];
    size_t topic_count;
};

/* Reads DIR/manifest.json. ERR_NOT_FOUND: there is no backup in DIR. */
int manifest_read(const char *dir, struct manifest *ret_manifest, struct err *err);

/* Makes everything in DIR durable, then writes manifest.json in one step. */
int manifest_write(const char *dir, const struct manifest *manifest, struct err *err);

/* Fills sha256 of file->file. */
int manifest_hash(const char *dir, struct manifest_file *file, struct err *err);

/* ERR_INVALID where the file is not what the manifest says. */
int manifest_verify(const char *dir, const struct manifest_file *file, struct err *err);

/* One line of the list of objects. */
struct manifest_object {
    char key[KEY_BYTES];
    uint64_t size;
    char etag[80];
    char sha256[SHA256_HEX];
};

int manifest_object_write(FILE *file, const struct manifest_object *object, struct err *err);

/* Reads the next line. Returns 1, 0 at the end, or < 0. An unfinished last line is the end. */
int manifest_object_read(FILE *file, struct manifest_object *ret_object, struct err *err);

/* Reads on until the key is not before key. True where it is key. *object keeps the last line
 * read: zeroed before the first, a key after all others behind the last. file may be NULL. */
bool manifest_seek(FILE *file, struct manifest_object *object, const char *key);

#endif
