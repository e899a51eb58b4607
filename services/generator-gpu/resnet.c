/* resnet.c - see resnet.h. */
#include "services/generator-gpu/resnet.h"

void resnet_load(struct resnet *resnet, struct layers *layers, const char *name,
                 const struct resnet_def *def)
{
    size_t from = layers_enter(layers, "%s", name);

    *resnet = (struct resnet){.def = *def};
    resnet->norm1 = layers_group_norm(layers, "norm1", def->in, def->groups, def->eps);
    resnet->conv1 = layers_conv(layers, "conv1", def->in, def->out, 3, 1);
    if (def->time)
        resnet->time = layers_linear(layers, &(struct linear_def){.names = {"time_emb_proj"},
                                                                  .in = def->time,
                                                                  .out = def->out,
                                                                  .bias = true,
                                                                  .extra_bias = "conv1"});
    resnet->norm2 = layers_group_norm(layers, "norm2", def->out, def->groups, def->eps);
    resnet->conv2 = layers_conv(layers, "conv2", def->out, def->out, 3, 1);
    if (def->in != def->out)
        resnet->shortcut = layers_linear(
            layers,
            &(struct linear_def){
                .names = {"conv_shortcut"}, .in = def->in, .out = def->out, .bias = true});
    layers_leave(layers, from);
}

/* The shortcut goes first: then nothing needs src any more but norm1, which may overwrite it.
 */
void resnet_run(const struct resnet *resnet, struct run *run, struct tensor dst,
                struct tensor src, const struct tensor *time, bool consume)
{
    size_t mark = run_mark(run);
    const struct tensor *residual = &src;
    struct tensor h = run_tensor(run, src.n, src.h, src.w, resnet->def.out);
    struct tensor bias = {0}, normed = src;

    if (resnet->time) {
        bias = run_tensor(run, 1, 1, 1, resnet->def.out);
        run_linear(run, resnet->time, bias, *time, ACT_NONE, NULL);
    }
    if (resnet->shortcut) {
        run_linear(run, resnet->shortcut, dst, src, ACT_NONE, NULL);
        residual = &dst;
    }
    if (!resnet->shortcut || !consume)
        normed = run_tensor(run, src.n, src.h, src.w, src.c);
    run_group_norm(run, resnet->norm1, normed, src, ACT_SILU);
    run_conv(run, resnet->conv1, h, normed, resnet->time ? &bias : NULL, NULL);
    run_group_norm(run, resnet->norm2, h, h, ACT_SILU);
    run_conv(run, resnet->conv2, dst, h, NULL, residual);
    run_release(run, mark);
}
