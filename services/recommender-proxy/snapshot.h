/* snapshot.h - the local engine in a file, so that a start need not read the topics from their
 * beginning nor learn anew.
 *
 * The file is a cache: one that is missing, cut, of another version or of other settings is
 * left alone, and the topics are read. It is for the machine that wrote it. */
#ifndef SERVICES_RECOMMENDER_PROXY_SNAPSHOT_H
#define SERVICES_RECOMMENDER_PROXY_SNAPSHOT_H

#include "services/recommender-proxy/intake.h"
#include "services/recommender-proxy/rec_local.h"

/* Writes it by way of a temporary file beside it. offsets: how far the topics had been read
 * before this was called; what came since may be in the file, too, and does no harm twice. No
 * training may be under way. Where another process is writing the same file, it is left to
 * that one. */
int rec_snapshot_write(struct rec_local *local, const char *path,
                       const struct follow_offsets offsets[INTAKE_TOPICS], struct err *err);

/* Fills a new engine. ERR_NOT_FOUND: there is no file; ERR_INVALID: it is of no use, and err
 * says why; the engine is as good as new then. */
int rec_snapshot_read(struct rec_local *local, const char *path,
                      struct follow_offsets ret_offsets[INTAKE_TOPICS], struct err *err);

#endif
