/* export_worker.h - a member of the group that makes exports: follows garden.exports, makes
 * what is requested, one after the other, and asks for what the schedule wants.
 *
 * The topic has one partition, so one replica works at a time and the others wait to take over.
 * Two threads: one keeps the membership, which an export of minutes must not cost, the other
 * works. An offset is committed once the export has ended, so what a worker died at is taken by
 * the next. Before the partition is given away, the export that is being made is given back.
 *
 * The schedule: for each period of schedule_s seconds, counted from the epoch, one export whose
 * id is made from the start of the period. Who has the partition asks for it where the topic
 * has none of that id and the one before has ended; should two ask at once, it is the same
 * export. */
#ifndef SERVICES_CSV_EXPORTER_EXPORT_WORKER_H
#define SERVICES_CSV_EXPORTER_EXPORT_WORKER_H

#include "services/csv-exporter/export_job.h"

struct export_worker;

/* reader_trouble is what keeps it from following the topic. */
struct export_worker *export_worker_start(const struct export_job_conf *conf,
                                          struct trouble *reader_trouble, struct err *err);

/* Gives back what is being made and leaves the group, so that others take over at once. */
void export_worker_free(struct export_worker *worker);
DEFINE_OWNED(export_worker)

/* True once the group was joined. */
bool export_worker_joined(struct export_worker *worker);

/* The export that is being made, "" where there is none. */
void export_worker_busy(struct export_worker *worker, char ret_id[EXPORT_ID_MAX + 1]);

/* The id of the scheduled export of the period that this time is in. */
void export_schedule_id(int64_t wall_ms, int64_t schedule_s, char ret_id[EXPORT_ID_MAX + 1]);

#endif
