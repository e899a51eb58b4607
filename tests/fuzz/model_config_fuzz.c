/* model_config_fuzz.c - unet/config.json and vae/config.json from anybody. */
#include "services/generator-gpu/unet_config.h"
#include "services/generator-gpu/vae_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    OWNED_JSON json = json_parse(data, size, &err);
    struct unet_config unet;
    struct vae_config vae;

    if (!json_is_object(json))
        return 0;
    if (unet_config_read(&unet, json, &err) == 0)
        for (size_t i = 0; i < unet.levels; i++)
            if (unet.level[i].channels == 0 || unet.level[i].layers == 0)
                __builtin_trap();
    err_clear(&err);
    if (vae_config_read(&vae, json, &err) == 0 && !(vae.scaling_factor > 0))
        __builtin_trap();
    return 0;
}
