/* export_answer.h - exports as JSON: what GET /v1/exports answers, and the manifest. */
#ifndef SERVICES_CSV_EXPORTER_EXPORT_ANSWER_H
#define SERVICES_CSV_EXPORTER_EXPORT_ANSWER_H

#include "services/csv-exporter/exports.h"

/* The members files, offsets, unreadable and repeated, inside an object. */
void export_answer_result(const struct export_event *event, struct buf *out);

/* The whole object; brief: without files and offsets, for lists. */
void export_answer(const struct export *export, bool brief, struct buf *out);

#endif
