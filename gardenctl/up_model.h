/* up_model.h - whether there is a model to draw with, and so a generator; and nets to look at
 * faces with, and so an emotion service. */
#ifndef GARDENCTL_UP_MODEL_H
#define GARDENCTL_UP_MODEL_H

#include <limits.h>
#include <stdbool.h>

/* True where GENERATOR_MODEL names one, or where the model that ships is there; ret_folder is
 * its folder. False where there is none, or GENERATOR_MODEL is "none". */
bool up_model_find(char ret_folder[PATH_MAX]);

/* The same for up_service_spec.wanted. */
bool up_model_is_there(void);

/* True where EMOTION_ENGINE is another than our nets, or where those are there: those that
 * EMOTION_MODELS names, or those that ship. False where it is "none". */
bool up_eyes_are_there(void);

#endif
