/* model_copy.h - copies of golden models that a test may change: configurations, names, shapes
 * and values of weights. Everything fails the test where it cannot be done. */
#ifndef TESTS_SUPPORT_MODEL_COPY_H
#define TESTS_SUPPORT_MODEL_COPY_H

#include "lib/json/json.h"

#define UNET_WEIGHTS "unet/diffusion_pytorch_model.safetensors"
#define VAE_WEIGHTS "vae/diffusion_pytorch_model.safetensors"
#define TEXT_WEIGHTS "text_encoder/model.safetensors"

/* The folder of a copy of tests/golden/diffusion/<model>/model. */
const char *model_copy(const char *model);

/* Puts a file of the copy back as the model has it. */
void model_restore(const char *folder, const char *model, const char *file);

/* Sets a member of a JSON file to value, which is JSON; NULL takes it out. */
void model_set(const char *folder, const char *file, const char *member, const char *value);

/* Changes the header of a file of weights. */
typedef void header_edit(json_t *header, void *ctx);
void model_edit_header(const char *folder, const char *file, header_edit *edit, void *ctx);

/* Takes a tensor out. */
void model_drop(const char *folder, const char *file, const char *tensor);

/* Gives a layer with weight and bias, both F32, finite values whose sums are not. */
void model_blow_up(const char *folder, const char *file, const char *layer);

#endif
