/* onednn.c - see onednn.h. What versions 2 and 3 call differently is in the first part. */
#include "lib/nn/onednn.h"

#include <oneapi/dnnl/dnnl.h>
#include <string.h>

enum { DIMS = 5 }; /* at most: groups, out, in, height, width */

struct onednn {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
};

enum conv_memory {
    CONV_SRC,
    CONV_WEIGHTS,
    CONV_BIAS,
    CONV_DST,
    CONV_SCRATCH,
    CONV_MEMORIES,
};

static const int argument_of[CONV_MEMORIES] = {
    [CONV_SRC] = DNNL_ARG_SRC,
    [CONV_WEIGHTS] = DNNL_ARG_WEIGHTS,
    [CONV_BIAS] = DNNL_ARG_BIAS,
    [CONV_DST] = DNNL_ARG_DST,
    [CONV_SCRATCH] = DNNL_ARG_SCRATCHPAD,
};

struct onednn_conv {
    struct onednn *onednn; /* borrowed */
    struct onednn_conv_shape shape;
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t primitive;
    dnnl_memory_t memory[CONV_MEMORIES];
};

/* What is created from; the sizes are oneDNN's [n, c, h, w]. */
struct conv_plan {
    dnnl_dims_t stride, pad, pad_after, dilation;
    dnnl_dims_t src, weights, bias, dst;
    int weights_dims;
    dnnl_data_type_t type;
    bool any;
};

static int failed(struct err *err, const char *what, dnnl_status_t status)
{
    int code = status == dnnl_out_of_memory ? ERR_NOMEM : ERR_INVALID;

    return err_set(err, code, "oneDNN: %s failed with status %d", what, (int)status);
}

/* NHWC without gaps. */
static void strides_nhwc(const dnnl_dims_t dims, dnnl_dims_t strides)
{
    strides[0] = dims[1] * dims[2] * dims[3];
    strides[1] = 1;
    strides[2] = dims[3] * dims[1];
    strides[3] = dims[1];
}

static void strides_plain(const dnnl_dims_t dims, int count, dnnl_dims_t strides)
{
    dnnl_dim_t step = 1;

    for (int i = count - 1; i >= 0; i--) {
        strides[i] = step;
        step *= dims[i];
    }
}

/* -- what versions 2 and 3 call differently ---------------------------------------------------
 */

#if DNNL_VERSION_MAJOR >= 3
static dnnl_status_t append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0F, 0, dnnl_data_type_undef);
}

static dnnl_status_t create_desc(struct onednn_conv *conv, const struct conv_plan *p,
                                 dnnl_primitive_attr_t attr)
{
    dnnl_memory_desc_t src = NULL, weights = NULL, bias = NULL, dst = NULL;
    dnnl_dims_t src_strides, dst_strides;
    dnnl_status_t status;

    strides_nhwc(p->src, src_strides);
    strides_nhwc(p->dst, dst_strides);
    if (p->any) {
        (void)dnnl_memory_desc_create_with_tag(&src, 4, p->src, p->type, dnnl_format_tag_any);
        (void)dnnl_memory_desc_create_with_tag(&dst, 4, p->dst, p->type, dnnl_format_tag_any);
    } else {
        (void)dnnl_memory_desc_create_with_strides(&src, 4, p->src, p->type, src_strides);
        (void)dnnl_memory_desc_create_with_strides(&dst, 4, p->dst, p->type, dst_strides);
    }
    (void)dnnl_memory_desc_create_with_tag(&weights, p->weights_dims, p->weights, p->type,
                                           dnnl_format_tag_any);
    (void)dnnl_memory_desc_create_with_tag(&bias, 1, p->bias, dnnl_f32, dnnl_x);
    status = dnnl_convolution_forward_primitive_desc_create(
        &conv->desc, conv->onednn->engine, dnnl_forward_inference, dnnl_convolution_direct, src,
        weights, bias, dst, p->stride, p->dilation, p->pad, p->pad_after, attr);
    (void)dnnl_memory_desc_destroy(src);
    (void)dnnl_memory_desc_destroy(weights);
    (void)dnnl_memory_desc_destroy(bias);
    (void)dnnl_memory_desc_destroy(dst);
    return status;
}

typedef const_dnnl_memory_desc_t onednn_desc;

static dnnl_status_t create_plain(struct onednn *onednn, const struct conv_plan *p, void *data,
                                  dnnl_memory_t *ret)
{
    dnnl_dims_t strides;
    dnnl_memory_desc_t desc = NULL;
    dnnl_status_t status;

    strides_plain(p->weights, p->weights_dims, strides);
    status = dnnl_memory_desc_create_with_strides(&desc, p->weights_dims, p->weights, dnnl_f32,
                                                  strides);
    if (status == dnnl_success)
        status = dnnl_memory_create(ret, desc, onednn->engine, data);
    (void)dnnl_memory_desc_destroy(desc);
    return status;
}
#else
static dnnl_status_t append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0F);
}

static dnnl_status_t create_desc(struct onednn_conv *conv, const struct conv_plan *p,
                                 dnnl_primitive_attr_t attr)
{
    dnnl_memory_desc_t src, weights, bias, dst;
    dnnl_dims_t src_strides, dst_strides;
    dnnl_convolution_desc_t desc;
    dnnl_status_t status;

    strides_nhwc(p->src, src_strides);
    strides_nhwc(p->dst, dst_strides);
    if (p->any) {
        (void)dnnl_memory_desc_init_by_tag(&src, 4, p->src, p->type, dnnl_format_tag_any);
        (void)dnnl_memory_desc_init_by_tag(&dst, 4, p->dst, p->type, dnnl_format_tag_any);
    } else {
        (void)dnnl_memory_desc_init_by_strides(&src, 4, p->src, p->type, src_strides);
        (void)dnnl_memory_desc_init_by_strides(&dst, 4, p->dst, p->type, dst_strides);
    }
    (void)dnnl_memory_desc_init_by_tag(&weights, p->weights_dims, p->weights, p->type,
                                       dnnl_format_tag_any);
    (void)dnnl_memory_desc_init_by_tag(&bias, 1, p->bias, dnnl_f32, dnnl_x);
    status = dnnl_dilated_convolution_forward_desc_init(
        &desc, dnnl_forward_inference, dnnl_convolution_direct, &src, &weights, &bias, &dst,
        p->stride, p->dilation, p->pad, p->pad_after);
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(&conv->desc, &desc, attr, conv->onednn->engine, NULL);
}

typedef const dnnl_memory_desc_t *onednn_desc;

static dnnl_status_t create_plain(struct onednn *onednn, const struct conv_plan *p, void *data,
                                  dnnl_memory_t *ret)
{
    dnnl_dims_t strides;
    dnnl_memory_desc_t desc;
    dnnl_status_t status;

    strides_plain(p->weights, p->weights_dims, strides);
    status =
        dnnl_memory_desc_init_by_strides(&desc, p->weights_dims, p->weights, dnnl_f32, strides);
    if (status != dnnl_success)
        return status;
    return dnnl_memory_create(ret, &desc, onednn->engine, data);
}
#endif

/* -- engine
 * ------------------------------------------------------------------------------------ */

struct onednn *onednn_new(struct err *err)
{
    struct onednn *onednn = calloc(1, sizeof *onednn);
    dnnl_status_t status;

    if (!onednn) {
        (void)err_set_nomem(err, "oneDNN's engine");
        return NULL;
    }
    status = dnnl_engine_create(&onednn->engine, dnnl_cpu, 0);
    if (status == dnnl_success)
        status = dnnl_stream_create(&onednn->stream, onednn->engine, dnnl_stream_default_flags);
    if (status == dnnl_success)
        return onednn;
    (void)failed(err, "making a CPU engine", status);
    onednn_free(onednn);
    return NULL;
}

void onednn_free(struct onednn *onednn)
{
    if (!onednn)
        return;
    if (onednn->stream)
        (void)dnnl_stream_destroy(onednn->stream);
    if (onednn->engine)
        (void)dnnl_engine_destroy(onednn->engine);
    free(onednn);
}

/* -- convolutions
 * ------------------------------------------------------------------------------ */

static void plan_conv(const struct onednn_conv_shape *s, struct conv_plan *p)
{
    bool grouped = s->groups > 1;
    dnnl_dim_t *w = p->weights;

    *p = (struct conv_plan){
        .stride = {s->stride, s->stride},
        .pad = {s->pad.top, s->pad.left},
        .pad_after = {s->pad.bottom, s->pad.right},
        .src = {s->n, s->in, s->h, s->w},
        .bias = {s->out},
        .dst = {s->n, s->out, s->out_h, s->out_w},
        .weights_dims = grouped ? DIMS : DIMS - 1,
        .type = s->type == TENSOR_BF16 ? dnnl_bf16 : dnnl_f32,
        .any = s->any,
    };
    if (grouped)
        *w++ = s->groups;
    *w++ = s->out / s->groups;
    *w++ = s->in / s->groups;
    *w++ = s->kernel_h;
    *w = s->kernel_w;
}

static dnnl_status_t create_attr(const struct onednn_conv_shape *shape,
                                 dnnl_primitive_attr_t *ret)
{
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t status = dnnl_primitive_attr_create(ret);

    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_scratchpad_mode(*ret, dnnl_scratchpad_mode_user);
    if (status != dnnl_success || !shape->residual)
        return status;
    status = dnnl_post_ops_create(&ops);
    if (status == dnnl_success)
        status = append_sum(ops);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(*ret, ops);
    (void)dnnl_post_ops_destroy(ops);
    return status;
}

static onednn_desc desc_of(const struct onednn_conv *conv, enum conv_memory which)
{
    static const dnnl_query_t query[CONV_MEMORIES] = {
        [CONV_SRC] = dnnl_query_src_md,
        [CONV_WEIGHTS] = dnnl_query_weights_md,
        [CONV_BIAS] = dnnl_query_weights_md,
        [CONV_DST] = dnnl_query_dst_md,
        [CONV_SCRATCH] = dnnl_query_scratchpad_md,
    };

    return dnnl_primitive_desc_query_md(conv->desc, query[which], which == CONV_BIAS ? 1 : 0);
}

static dnnl_status_t create_conv(struct onednn_conv *conv)
{
    struct conv_plan plan;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_status_t status;

    plan_conv(&conv->shape, &plan);
    status = create_attr(&conv->shape, &attr);
    if (status == dnnl_success)
        status = create_desc(conv, &plan, attr);
    if (attr)
        (void)dnnl_primitive_attr_destroy(attr);
    if (status == dnnl_success)
        status = dnnl_primitive_create(&conv->primitive, conv->desc);
    for (int i = 0; status == dnnl_success && i < CONV_MEMORIES; i++)
        status = dnnl_memory_create(&conv->memory[i], desc_of(conv, (enum conv_memory)i),
                                    conv->onednn->engine, DNNL_MEMORY_NONE);
    return status;
}

struct onednn_conv *onednn_conv_new(struct onednn *onednn,
                                    const struct onednn_conv_shape *shape, struct err *err)
{
    struct onednn_conv *conv = calloc(1, sizeof *conv);
    dnnl_status_t status;

    if (!conv) {
        (void)err_set_nomem(err, "a convolution");
        return NULL;
    }
    conv->onednn = onednn;
    conv->shape = *shape;
    status = create_conv(conv);
    if (status == dnnl_success)
        return conv;
    (void)failed(err, "making a convolution", status);
    onednn_conv_free(conv);
    return NULL;
}

void onednn_conv_free(struct onednn_conv *conv)
{
    if (!conv)
        return;
    for (int i = 0; i < CONV_MEMORIES; i++)
        if (conv->memory[i])
            (void)dnnl_memory_destroy(conv->memory[i]);
    if (conv->primitive)
        (void)dnnl_primitive_destroy(conv->primitive);
    if (conv->desc)
        (void)dnnl_primitive_desc_destroy(conv->desc);
    free(conv);
}

const char *onednn_conv_name(const struct onednn_conv *conv)
{
    const char *name = "";

    (void)dnnl_primitive_desc_query(conv->desc, dnnl_query_impl_info_str, 0, (void *)&name);
    return name;
}

size_t onednn_conv_weights_size(const struct onednn_conv *conv)
{
    return dnnl_memory_desc_get_size(desc_of(conv, CONV_WEIGHTS));
}

bool onednn_conv_same_weights(const struct onednn_conv *a, const struct onednn_conv *b)
{
    return dnnl_memory_desc_equal(desc_of(a, CONV_WEIGHTS), desc_of(b, CONV_WEIGHTS));
}

size_t onednn_conv_scratch_size(const struct onednn_conv *conv)
{
    return dnnl_memory_desc_get_size(desc_of(conv, CONV_SCRATCH));
}

static dnnl_status_t reorder(struct onednn *onednn, dnnl_memory_t from, dnnl_memory_t to)
{
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    dnnl_primitive_desc_t desc = NULL;
    dnnl_primitive_t primitive = NULL;
    onednn_desc from_desc = NULL, to_desc = NULL;
    dnnl_status_t status = dnnl_memory_get_memory_desc(from, (void *)&from_desc);

    if (status == dnnl_success)
        status = dnnl_memory_get_memory_desc(to, (void *)&to_desc);
    if (status == dnnl_success)
        status = dnnl_reorder_primitive_desc_create(&desc, from_desc, onednn->engine, to_desc,
                                                    onednn->engine, NULL);
    if (status == dnnl_success)
        status = dnnl_primitive_create(&primitive, desc);
    if (status == dnnl_success)
        status = dnnl_primitive_execute(primitive, onednn->stream, 2, args);
    if (status == dnnl_success)
        status = dnnl_stream_wait(onednn->stream);
    if (primitive)
        (void)dnnl_primitive_destroy(primitive);
    if (desc)
        (void)dnnl_primitive_desc_destroy(desc);
    return status;
}

int onednn_conv_pack(struct onednn_conv *conv, const float *floats, void *packed,
                     struct err *err)
{
    struct conv_plan plan;
    dnnl_memory_t from = NULL;
    dnnl_status_t status;

    plan_conv(&conv->shape, &plan);
    status = create_plain(conv->onednn, &plan, (void *)floats, &from);
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(conv->memory[CONV_WEIGHTS], packed);
    if (status == dnnl_success)
        status = reorder(conv->onednn, from, conv->memory[CONV_WEIGHTS]);
    if (from)
        (void)dnnl_memory_destroy(from);
    return status == dnnl_success ? 0 : failed(err, "packing weights", status);
}

int onednn_conv_run(struct onednn_conv *conv, const struct onednn_conv_data *data,
                    struct err *err)
{
    void *const handles[CONV_MEMORIES] = {
        [CONV_SRC] = (void *)data->src,   [CONV_WEIGHTS] = (void *)data->weights,
        [CONV_BIAS] = (void *)data->bias, [CONV_DST] = data->dst,
        [CONV_SCRATCH] = data->scratch,
    };
    dnnl_exec_arg_t args[CONV_MEMORIES];
    dnnl_status_t status = dnnl_success;

    for (int i = 0; i < CONV_MEMORIES && status == dnnl_success; i++) {
        args[i] = (dnnl_exec_arg_t){argument_of[i], conv->memory[i]};
        status = dnnl_memory_set_data_handle(conv->memory[i], handles[i]);
    }
    if (status == dnnl_success)
        status =
            dnnl_primitive_execute(conv->primitive, conv->onednn->stream, CONV_MEMORIES, args);
    if (status == dnnl_success)
        status = dnnl_stream_wait(conv->onednn->stream);
    return status == dnnl_success ? 0 : failed(err, "a convolution", status);
}
