/* fake_drawer.h - draws a gradient that follows from the request, in the place of an engine.
 *
 * A test program that is started with FAKE_DRAWER=1 in its environment is the generator with
 * this drawer, before any test runs. Words in the prompt decide what happens:
 *
 *   step_ms=N   each step takes so long (default 1)
 *   crash@N     kill -9 of the process after step N
 *   bad@N       the job is bad: ERR_INVALID after step N
 *   long        the prompt is longer than the model takes at once */
#ifndef TESTS_SUPPORT_FAKE_DRAWER_H
#define TESTS_SUPPORT_FAKE_DRAWER_H

enum { FAKE_STEPS = 10 }; /* of a draw that leaves them to the model */

/* The setting that makes a test program the generator; what calls this has it linked in. */
const char *fake_drawer_setting(void);

#endif
