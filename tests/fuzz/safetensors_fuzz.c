/* safetensors_fuzz.c - what opens is sound: every byte of every tensor can be read, and each is
 * found by its name. */
#include "lib/nn/safetensors.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tensor(const struct safetensors *file, const struct safetensor *tensor)
{
    size_t header_size;
    const char *header = safetensors_header(file, &header_size), *bytes = tensor->data;

    if (safetensors_find(file, tensor->name) != tensor)
        abort();
    if (bytes < header + header_size ||
        tensor->count * tensor_type_bytes(tensor->type) != tensor->size ||
        bytes + tensor->size > header - 8 + safetensors_size(file))
        abort();
    for (size_t i = 0; i < tensor->count; i++)
        (void)safetensor_at(tensor, i);
    safetensors_release(tensor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    char path[64];

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    {
        OWNED(safetensors) file = safetensors_open(path, &err);

        if (!file && (err.code >= 0 || !*err.text))
            abort();
        for (size_t i = 0; file && i < safetensors_count(file); i++)
            check_tensor(file, safetensors_at(file, i));
    }
    (void)close(fd);
    return 0;
}
