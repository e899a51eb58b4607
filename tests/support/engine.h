/* engine.h - real engines of a test's own, by the scripts in tests/engines/: for tests that
 * kill them, or that must not meet what other tests left on a shared one. */
#ifndef TESTS_SUPPORT_ENGINE_H
#define TESTS_SUPPORT_ENGINE_H

/* Starts an engine ("kafka", "versitygw"; words for its script may follow, the last is NULL) in
 * a folder of its own, puts what it exports (TEST_KAFKA=...) into the environment, and returns
 * the folder. It is stopped when this process ends. */
const char *engine_start(const char *name, ...);

/* Any verb of its script: "kill", "restart". */
void engine_do(const char *name, const char *verb, const char *folder);

#endif
