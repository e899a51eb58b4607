/* process.h - the process's own figures, by the names that Prometheus' clients give them. */
#ifndef LIB_METRICS_PROCESS_H
#define LIB_METRICS_PROCESS_H

/* Sets them from /proc. What cannot be read keeps its last value. */
void metrics_read_process(void);

#endif
