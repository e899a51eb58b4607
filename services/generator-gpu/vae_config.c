/* vae_config.c - see vae_config.h. Defaults are those of the class AutoencoderKL. */
#include "services/generator-gpu/vae_config.h"

int vae_config_read(struct vae_config *ret_config, const json_t *json, struct err *err)
{
    static const char *const up_types[] = {"UpDecoderBlock2D", NULL};
    struct model_config config = {"vae", json, err};
    struct vae_config vae = {0};
    size_t types[MODEL_LEVELS_MAX];

    model_config_only(&config, "_class_name", "\"AutoencoderKL\"");
    model_config_only(&config, "out_channels", "3");
    model_config_only(&config, "act_fn", "\"silu\"");
    model_config_only(&config, "shift_factor", "0");
    model_config_only(&config, "latents_mean", "null");
    model_config_only(&config, "latents_std", "null");
    vae.levels = model_config_list(&config, "block_out_channels", vae.channels, 16384);
    model_config_names(&config, "up_block_types", up_types, types, vae.levels);
    vae.latent_channels = model_config_int(&config, "latent_channels", 1, 64, 4);
    vae.groups = model_config_int(&config, "norm_num_groups", 1, 1024, 32);
    vae.layers = model_config_int(&config, "layers_per_block", 1, 8, 1);
    vae.scaling_factor = model_config_number(&config, "scaling_factor", 0.18215);
    vae.post_quant_conv = model_config_bool(&config, "use_post_quant_conv", true);
    vae.attention = model_config_bool(&config, "mid_block_add_attention", true);
    if (!err->code && !(vae.scaling_factor > 0))
        err_set(err, ERR_INVALID, "vae/config.json: scaling_factor is %g, not over 0",
                vae.scaling_factor);
    if (err->code)
        return err->code;
    *ret_config = vae;
    return 0;
}
