/* generator_conf.c - see generator_conf.h. */
#include "services/generator-gpu/generator_conf.h"

#define FIELD(member) offsetof(struct generator_conf, member)

const struct conf_field generator_fields[] = {
    {"GENERATOR_MODEL", CONF_STRING, "", FIELD(model),
     "folder of a Stable Diffusion model in Hugging Face's diffusers layout; unset: the one "
     "that "
     "ships, models/garden-tiny; none: gardenctl up starts no generator",
     0, 0},
    {"GENERATOR_LISTEN", CONF_STRING, "127.0.0.1:8092", FIELD(listen),
     "address of /healthz, /readyz and /metrics", 0, 0},
    {"GENERATOR_GROUP", CONF_STRING, "generator", FIELD(group),
     "consumer group; those of one group share the jobs", 0, 0},
    {"GENERATOR_BACKEND", CONF_STRING, "cpu", FIELD(backend), "what computes: cpu", 0, 0},
    {"GENERATOR_PRECISION", CONF_STRING, "auto", FIELD(precision),
     "f32, bf16, or auto: bf16 where the processor has instructions for it", 0, 0},
    {"GENERATOR_THREADS", CONF_INT, "0", FIELD(threads),
     "threads that draw; 0: one for each core that the process may use", 0, 1024},
    {"GENERATOR_MAX_PIXELS", CONF_INT, "2097152", FIELD(max_pixels),
     "largest picture that is drawn, width times height", 4096, 4194304},
    {"GENERATOR_JPEG_QUALITY", CONF_INT, "92", FIELD(jpeg_quality), "of the pictures", 1, 100},
    {"GENERATOR_QUEUE", CONF_INT, "10000", FIELD(queue_jobs),
     "most jobs read ahead, among which interactive ones come first", 1, 1000000},
};
const size_t generator_field_count = sizeof generator_fields / sizeof *generator_fields;

int generator_conf_load(struct generator_conf *conf, struct err *err)
{
    struct generator_conf read = {0};
    int r = garden_conf_load(&read.garden, err);

    if (r == 0)
        r = conf_load(&read, generator_fields, generator_field_count, err);
    if (r == 0)
        *conf = read;
    return r;
}
