/* torch_random.h - normal numbers as torch's CPU generator draws them, so that a seed means the
 * picture that it means there: mt19937, 24-bit uniforms, Box-Muller in blocks of 16. */
#ifndef SERVICES_GENERATOR_GPU_TORCH_RANDOM_H
#define SERVICES_GENERATOR_GPU_TORCH_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct torch_random {
    uint32_t state[624];
    int at;
};

/* torch.Generator().manual_seed(seed). */
void torch_random_seed(struct torch_random *random, uint64_t seed);

/* torch.randn(count, generator=...), f32. count is at least 16, as for every latent. */
void torch_random_normal(struct torch_random *random, float *out, size_t count);

#endif
