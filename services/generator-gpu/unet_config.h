/* unet_config.h - unet/config.json: how a UNet2DConditionModel is built. */
#ifndef SERVICES_GENERATOR_GPU_UNET_CONFIG_H
#define SERVICES_GENERATOR_GPU_UNET_CONFIG_H

#include "services/generator-gpu/model_folder.h"

struct unet_level_config {
    uint32_t channels, layers; /* layers: resnets on the way down; one more on the way up */
    uint32_t heads, blocks;    /* of the attention; blocks: transformer_layers_per_block */
    bool down_attention, up_attention; /* up_attention: of the up block of these channels */
};

struct unet_config {
    uint32_t in, out, sample_size, text_dim;
    uint32_t groups;
    float eps;
    bool cos_first; /* flip_sin_to_cos */
    float freq_shift;
    size_t levels;
    struct unet_level_config level[MODEL_LEVELS_MAX]; /* the largest pictures first */
};

/* ERR_INVALID names the member and the value that there is no code for. */
int unet_config_read(struct unet_config *ret_config, const json_t *json, struct err *err);

#endif
