/* rekognition_answer.h - what Amazon Rekognition's DetectFaces answers. */
#ifndef SERVICES_EMOTION_REKOGNITION_ANSWER_H
#define SERVICES_EMOTION_REKOGNITION_ANSWER_H

#include "lib/base/err.h"
#include "services/emotion/analysis.h"

/* Reads the body of a 200; width and height of the analysis are left as they are. The scores of
 * the emotions stay Amazon's, which need not add up to 100. ERR_REMOTE: it is none. */
int rekognition_read_faces(const void *body, size_t size, struct analysis *ret_analysis,
                           struct err *err);

/* Makes the error of another answer. ERR_UNAVAILABLE: the same may work in a moment.
 * ERR_INVALID, ERR_TOO_LARGE: the picture is at fault. Returns err->code. */
int rekognition_read_error(int status, const void *body, size_t size, struct err *err);

#endif
