/* process.h - programs under test: started, waited for by what they answer, stopped or killed.
 *
 * Everything fails the test (TEST_FAIL's exit) where it cannot be done: there is nothing to
 * check in the caller. */
#ifndef TESTS_SUPPORT_PROCESS_H
#define TESTS_SUPPORT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/http/client.h"

/* Says why, and ends the test: it failed. */
void test_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* The path of a program of ours: $GARDEN_BUILD/name, or build/name. Valid until the next call.
 */
const char *program_path(const char *name);

/* Starts argv (ends with NULL) with "NAME=value" lines on top of this process's environment
 * (ends with NULL; may be NULL). Its stdout and stderr are appended to log (NULL: ours). It
 * is killed when this process ends. */
pid_t process_start(const char *const *argv, const char *const *env, const char *log);

/* Sends sig (0: none) and waits for the end, at most timeout_ms. Returns the exit status, or
 * 128 + the signal that ended it. */
int process_end(pid_t pid, int sig, int timeout_ms);

/* Runs to the end and returns the exit status; ret_output (may be NULL) gets its stdout and
 * stderr. */
int process_run(const char *const *argv, const char *const *env, struct buf *ret_output,
                int timeout_ms);

/* The first child of parent whose program is called name, or -1. */
pid_t process_child(pid_t parent, const char *name);

/* Resident memory in KiB (VmRSS; or the peak, VmHWM). */
long process_resident_kib(pid_t pid, bool peak);

/* A new folder under $TMPDIR or /tmp, removed with all in it when this process ends. */
const char *folder_new(void);

/* Writes folder/name, and makes the folders that lead to it. */
void folder_put(const char *folder, const char *name, const void *data, size_t size);

/* Appends a file, such as one of tests/golden. */
void file_load(const char *path, struct buf *ret_data);

/* A loopback port that was free a moment ago. */
int port_free(void);

/* Sends the request and returns the status, or 0 where there was no answer; ret_body (may be
 * NULL) is emptied and filled. */
int http_ask(struct http_client *client, const struct http_client_request *request,
             struct buf *ret_body);

/* GETs url until it answers this status, at most timeout_ms. */
void http_wait(const char *url, int status, int timeout_ms);

#endif
