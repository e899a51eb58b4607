/* vae_config.h - vae/config.json: how the decoder of an AutoencoderKL is built. */
#ifndef SERVICES_GENERATOR_GPU_VAE_CONFIG_H
#define SERVICES_GENERATOR_GPU_VAE_CONFIG_H

#include "services/generator-gpu/model_folder.h"

struct vae_config {
    uint32_t latent_channels, groups, layers; /* layers: resnets of a level, less one */
    double scaling_factor;
    bool post_quant_conv, attention;
    size_t levels;
    uint32_t channels[MODEL_LEVELS_MAX]; /* the largest pictures first */
};

/* ERR_INVALID names the member and the value that there is no code for. */
int vae_config_read(struct vae_config *ret_config, const json_t *json, struct err *err);

#endif
