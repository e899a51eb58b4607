/* up_model.h - whether there is a model to draw with, and so a generator. */
#ifndef GARDENCTL_UP_MODEL_H
#define GARDENCTL_UP_MODEL_H

#include <stdbool.h>

/* True where GENERATOR_MODEL is set, or where the model that ships (models/garden-tiny) lies in
 * the working folder or beside the folder of the programs: GENERATOR_MODEL is set to it then.
 */
bool up_model_find(const char *program_dir);

#endif
