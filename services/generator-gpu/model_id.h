/* model_id.h - tells models with other weights apart, in milliseconds also for gigabytes. */
#ifndef SERVICES_GENERATOR_GPU_MODEL_ID_H
#define SERVICES_GENERATOR_GPU_MODEL_ID_H

#include "lib/base/err.h"
#include "lib/crypto/crypto.h"

/* SHA-256 over each part's weights (header, size and evenly spaced samples of the data) and
 * over the small files that decide what is drawn, too: configurations, tokenizer, scheduler. */
int model_id(const char *model, char ret_hex[SHA256_HEX], struct err *err);

#endif
