/* shipped.h - where what comes with the programs lies: pages, models, the starter garden. */
#ifndef SERVICES_COMMON_SHIPPED_H
#define SERVICES_COMMON_SHIPPED_H

#include <limits.h>
#include <stdbool.h>

#include "lib/base/err.h"

/* The first folder that has this file ("models/garden-tiny/model_index.json") in it: share
 * where that is not empty (GARDEN_SHARE) and no other; else those around the running program,
 * where it was built and where it was installed. ERR_NOT_FOUND says where it was looked for. */
int shipped_find(const char *share, const char *file, char ret_folder[PATH_MAX],
                 struct err *err);

#define SHIPPED_MODEL "models/garden-tiny"

/* The folder of the model to draw with: setting (GENERATOR_MODEL) itself where it is not empty,
 * else the one that ships. ERR_NOT_FOUND where there is none, ERR_DENIED where setting is
 * "none". */
int shipped_model(const char *setting, char ret_folder[PATH_MAX], struct err *err);

#define SHIPPED_FACE_MODELS "models/face"

/* The same of the nets that look at faces: setting is EMOTION_MODELS. */
int shipped_face_models(const char *setting, char ret_folder[PATH_MAX], struct err *err);

#endif
