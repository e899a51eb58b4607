/* unet_config.c - see unet_config.h. Defaults are those of the class UNet2DConditionModel. */
#include "services/generator-gpu/unet_config.h"

enum { CHANNELS_MAX = 16384, LAYERS_MAX = 8, BLOCKS_MAX = 16, HEADS_MAX = 1024 };

/* Members that change what is computed, and the one value of each that is computed here. What
 * is not in this list changes nothing when a picture is drawn (dropout, upcast_attention: sums
 * are f32 here in any case). */
static const struct {
    const char *member, *allowed;
} only[] = {
    {"_class_name", "\"UNet2DConditionModel\""},
    {"center_input_sample", "false"},
    {"mid_block_type", "\"UNetMidBlock2DCrossAttn\""},
    {"only_cross_attention", "false"},
    {"mid_block_only_cross_attention", "false"},
    {"downsample_padding", "1"},
    {"mid_block_scale_factor", "1"},
    {"num_attention_heads", "null"},
    {"reverse_transformer_layers_per_block", "null"},
    {"encoder_hid_dim", "null"},
    {"encoder_hid_dim_type", "null"},
    {"dual_cross_attention", "false"},
    {"class_embed_type", "null"},
    {"addition_embed_type", "null"},
    {"num_class_embeds", "null"},
    {"resnet_time_scale_shift", "\"default\""},
    {"resnet_skip_time_act", "false"},
    {"resnet_out_scale_factor", "1"},
    {"time_embedding_type", "\"positional\""},
    {"time_embedding_dim", "null"},
    {"time_embedding_act_fn", "null"},
    {"timestep_post_act", "null"},
    {"time_cond_proj_dim", "null"},
    {"conv_in_kernel", "3"},
    {"conv_out_kernel", "3"},
    {"attention_type", "\"default\""},
    {"class_embeddings_concat", "false"},
    {"cross_attention_norm", "null"},
};

static const char *const activations[] = {"silu", "swish", NULL};
static const char *const down_types[] = {"DownBlock2D", "CrossAttnDownBlock2D", NULL};
static const char *const up_types[] = {"UpBlock2D", "CrossAttnUpBlock2D", NULL};

static void read_levels(struct unet_config *unet, const struct model_config *config)
{
    uint32_t channels[MODEL_LEVELS_MAX], layers[MODEL_LEVELS_MAX];
    uint32_t heads[MODEL_LEVELS_MAX], blocks[MODEL_LEVELS_MAX];
    size_t down[MODEL_LEVELS_MAX], up[MODEL_LEVELS_MAX], n;

    n = model_config_list(config, "block_out_channels", channels, CHANNELS_MAX);
    model_config_ints(config, "layers_per_block", layers, n, LAYERS_MAX, 2);
    model_config_ints(config, "attention_head_dim", heads, n, HEADS_MAX, 8);
    model_config_ints(config, "transformer_layers_per_block", blocks, n, BLOCKS_MAX, 1);
    model_config_names(config, "down_block_types", down_types, down, n);
    model_config_names(config, "up_block_types", up_types, up, n);
    unet->levels = n;
    for (size_t i = 0; i < n; i++)
        unet->level[i] = (struct unet_level_config){.channels = channels[i],
                                                    .layers = layers[i],
                                                    .heads = heads[i],
                                                    .blocks = blocks[i],
                                                    .down_attention = down[i] == 1,
                                                    .up_attention = up[n - 1 - i] == 1};
}

/* Levels with attention, and the last one, which the middle takes after. */
static void check_heads(const struct unet_config *unet, struct err *err)
{
    for (size_t i = 0; i < unet->levels && !err->code; i++) {
        const struct unet_level_config *level = &unet->level[i];
        bool attends = level->down_attention || level->up_attention || i + 1 == unet->levels;

        if (attends && level->channels % level->heads)
            err_set(err, ERR_INVALID,
                    "unet/config.json: attention_head_dim (the number of heads) is %u, which "
                    "does not divide the %u channels of block_out_channels",
                    level->heads, level->channels);
    }
}

int unet_config_read(struct unet_config *ret_config, const json_t *json, struct err *err)
{
    struct model_config config = {"unet", json, err};
    struct unet_config unet = {0};

    for (size_t i = 0; i < sizeof(only) / sizeof(only[0]); i++)
        model_config_only(&config, only[i].member, only[i].allowed);
    (void)model_config_choice(&config, "act_fn", activations);
    unet.in = model_config_int(&config, "in_channels", 1, 64, 4);
    unet.out = model_config_int(&config, "out_channels", 1, 64, 4);
    unet.sample_size = model_config_int(&config, "sample_size", 1, 4096, 64);
    unet.text_dim = model_config_int(&config, "cross_attention_dim", 1, CHANNELS_MAX, 1280);
    unet.groups = model_config_int(&config, "norm_num_groups", 1, 1024, 32);
    unet.eps = (float)model_config_number(&config, "norm_eps", 1e-5);
    unet.cos_first = model_config_bool(&config, "flip_sin_to_cos", true);
    unet.freq_shift = (float)model_config_number(&config, "freq_shift", 0);
    read_levels(&unet, &config);
    if (!err->code && unet.level[0].channels % 2)
        err_set(err, ERR_INVALID,
                "unet/config.json: block_out_channels starts with %u, an odd "
                "number",
                unet.level[0].channels);
    check_heads(&unet, err);
    if (err->code)
        return err->code;
    *ret_config = unet;
    return 0;
}
