/* rekognition_answer.h - what Amazon Rekognition's DetectFaces answers. */
#ifndef SERVICES_EMOTION_REKOGNITION_ANSWER_H
#define SERVICES_EMOTION_REKOGNITION_ANSWER_H

#include "lib/base/err.h"
#include "services/emotion/analysis.h"

/* Reads the body of a 200; width and height of the analysis are left as they are. The scores of
 * the emotions stay Amazon's, which need not add up to 100. ERR_REMOTE: it is none. */
int rekognition_read_faces(const void *body, size_t size, struct analysis *ret_analysis,
                           struct err *err);

#endif
