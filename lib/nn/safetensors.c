/* safetensors.c - see safetensors.h.
 *
 * Checked as the format's own reader does: in the order of their offsets tensors lie one behind
 * the other, from the first byte behind the header to the last of the file. That one rule finds
 * overlaps, holes, what is cut off and what was appended. */
#include "lib/nn/safetensors.h"
#include "lib/json/json.h"
#include "lib/nn/half.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the data is read where it lies");

enum { PREFIX = 8, HEADER_MAX = 100000000 };

struct safetensors {
    unsigned char *map;
    size_t size;
    size_t header_size;
    char *names;
    struct safetensor *tensors; /* by name */
    size_t count;
};

/* An entry of the header while the file is being checked. */
struct span {
    const char *name;
    uint64_t begin, end; /* within the data */
};

struct dtype {
    const char *name;
    unsigned bits;
    int type; /* enum tensor_type, or -1: of no use here */
};

static const struct dtype DTYPES[] = {
    {"F32", 32, TENSOR_F32}, {"F16", 16, TENSOR_F16}, {"BF16", 16, TENSOR_BF16},
    {"F64", 64, -1},         {"I64", 64, -1},         {"U64", 64, -1},
    {"C64", 64, -1},         {"I32", 32, -1},         {"U32", 32, -1},
    {"I16", 16, -1},         {"U16", 16, -1},         {"I8", 8, -1},
    {"U8", 8, -1},           {"BOOL", 8, -1},         {"F8_E4M3", 8, -1},
    {"F8_E5M2", 8, -1},      {"F8_E8M0", 8, -1},      {"F6_E2M3", 6, -1},
    {"F6_E3M2", 6, -1},      {"F4", 4, -1},
};

static const struct dtype *find_dtype(const char *name)
{
    for (size_t i = 0; i < sizeof DTYPES / sizeof DTYPES[0]; i++)
        if (strcmp(DTYPES[i].name, name) == 0)
            return &DTYPES[i];
    return NULL;
}

/* -- one entry of the header ----------------------------------------------------------------*/

static int read_whole(const json_t *array, size_t i, const char *what, int64_t *ret,
                      struct err *err)
{
    const json_t *value = json_array_get(array, i);

    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return err_set(err, ERR_INVALID, "%s[%zu] is not a whole number of 0 or more", what, i);
    *ret = json_integer_value(value);
    return 0;
}

static int read_shape(const json_t *shape, struct safetensor *tensor, struct err *err)
{
    size_t rank = json_array_size(shape), count = 1;

    if (rank > SAFETENSORS_RANK)
        return err_set(err, ERR_INVALID, "shape has %zu numbers, and at most %d are read", rank,
                       SAFETENSORS_RANK);
    for (size_t i = 0; i < rank; i++) {
        if (read_whole(shape, i, "shape", &tensor->shape[i], err) < 0)
            return err->code;
        if (__builtin_mul_overflow(count, (size_t)tensor->shape[i], &count))
            return err_set(err, ERR_INVALID, "shape is larger than any file");
    }
    tensor->rank = (int)rank;
    tensor->count = count;
    return 0;
}

static int read_offsets(const json_t *offsets, size_t data_size, struct span *span,
                        struct err *err)
{
    int64_t begin = 0, end = 0;

    if (json_array_size(offsets) != 2)
        return err_set(err, ERR_INVALID, "data_offsets has %zu numbers, not 2",
                       json_array_size(offsets));
    if (read_whole(offsets, 0, "data_offsets", &begin, err) < 0 ||
        read_whole(offsets, 1, "data_offsets", &end, err) < 0)
        return err->code;
    if (end < begin)
        return err_set(err, ERR_INVALID, "data_offsets end before they begin");
    if ((uint64_t)end > data_size)
        return err_set(err, ERR_INVALID,
                       "data_offsets end at %" PRId64
                       ", and the file has %zu bytes of data: it is cut off, or not what its "
                       "header says",
                       end, data_size);
    span->begin = (uint64_t)begin;
    span->end = (uint64_t)end;
    return 0;
}

static int check_size(const struct safetensor *tensor, const struct dtype *dtype,
                      const struct span *span, struct err *err)
{
    size_t bits;

    if (__builtin_mul_overflow(tensor->count, (size_t)dtype->bits, &bits) || bits % 8 != 0 ||
        bits / 8 != span->end - span->begin)
        return err_set(err, ERR_INVALID,
                       "shape has %zu numbers of type %s, and data_offsets hold %" PRIu64
                       " bytes",
                       tensor->count, dtype->name, span->end - span->begin);
    return 0;
}

/* Returns 1 for a tensor that is of use, 0 for one to leave out. */
static int read_entry(const struct safetensors *file, const json_t *entry, struct span *span,
                      struct safetensor *tensor, struct err *err)
{
    size_t data_at = PREFIX + file->header_size;
    json_t *shape = NULL, *offsets = NULL;
    const struct dtype *dtype;
    const char *type = NULL;

    if (json_get_str(entry, "dtype", &type, err) < 0 ||
        json_get_array(entry, "shape", &shape, err) < 0 ||
        json_get_array(entry, "data_offsets", &offsets, err) < 0 ||
        read_offsets(offsets, file->size - data_at, span, err) < 0)
        return err->code;
    dtype = find_dtype(type);
    if (!dtype || (dtype->type < 0 && json_array_size(shape) > SAFETENSORS_RANK))
        return 0;
    if (read_shape(shape, tensor, err) < 0 || check_size(tensor, dtype, span, err) < 0)
        return err->code;
    if (dtype->type < 0)
        return 0;
    tensor->type = (enum tensor_type)dtype->type;
    tensor->data = file->map + data_at + span->begin;
    tensor->size = span->end - span->begin;
    return 1;
}

/* -- all of the header ----------------------------------------------------------------------*/

static int span_compare(const void *a, const void *b)
{
    const struct span *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static int tensor_compare(const void *a, const void *b)
{
    const struct safetensor *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static int check_layout(struct span *spans, size_t count, size_t data_size, struct err *err)
{
    const struct span *last = NULL;

    qsort(spans, count, sizeof *spans, span_compare);
    for (size_t i = 0; i < count; last = &spans[i++]) {
        uint64_t expected = last ? last->end : 0;

        if (spans[i].begin < expected)
            return err_set(err, ERR_INVALID,
                           "tensors '%.80s' and '%.80s' overlap at byte %" PRIu64, last->name,
                           spans[i].name, spans[i].begin);
        if (spans[i].begin > expected)
            return err_set(err, ERR_INVALID,
                           "bytes %" PRIu64 " to %" PRIu64
                           " of the data, before tensor '%.80s', belong to no tensor",
                           expected, spans[i].begin, spans[i].name);
    }
    if ((last ? last->end : 0) != data_size)
        return err_set(err, ERR_INVALID,
                       "the tensors end at byte %" PRIu64
                       " of the data, and %zu bytes are there",
                       last ? last->end : 0, data_size);
    return 0;
}

/* The name is kept in file->names: unescaped and with its NUL it takes no more room than it has
 * in the header, quotes included. */
static const char *keep_name(const char *name, char **next)
{
    size_t size = strlen(name) + 1;
    char *kept = memcpy(*next, name, size);

    *next += size;
    return kept;
}

static int read_entries(struct safetensors *file, json_t *header, struct span *spans,
                        struct err *err)
{
    char *next = file->names;
    size_t entries = 0;
    const char *name;
    json_t *entry;

    json_object_foreach(header, name, entry)
    {
        struct safetensor *tensor = &file->tensors[file->count];
        struct span *span = &spans[entries];
        int used;

        if (strcmp(name, "__metadata__") == 0)
            continue;
        used = read_entry(file, entry, span, tensor, err);
        if (used < 0)
            return err_wrap(err, "tensor '%.80s'", name);
        span->name = name;
        entries++;
        if (used)
            tensor->name = keep_name(name, &next);
        file->count += (size_t)used;
    }
    qsort(file->tensors, file->count, sizeof *file->tensors, tensor_compare);
    return check_layout(spans, entries, file->size - PREFIX - file->header_size, err);
}

static int read_header(struct safetensors *file, struct err *err)
{
    OWNED_JSON header = json_parse(file->map + PREFIX, file->header_size, err);
    struct span *spans;
    size_t entries;
    int rc;

    if (!header)
        return err_wrap(err, "the header");
    if (!json_is_object(header))
        return err_set(err, ERR_INVALID, "the header is not a JSON object");
    entries = json_object_size(header) + 1;
    spans = calloc(entries, sizeof *spans);
    file->tensors = calloc(entries, sizeof *file->tensors);
    file->names = malloc(file->header_size + 1);
    if (spans && file->tensors && file->names)
        rc = read_entries(file, header, spans, err);
    else
        rc = err_set_nomem(err, "the table of tensors");
    free(spans);
    return rc;
}

/* -- the file -------------------------------------------------------------------------------*/

static int read_prefix(struct safetensors *file, struct err *err)
{
    static const char LFS[] = "version https://git-lfs";
    uint64_t size;

    if (file->size >= sizeof LFS && memcmp(file->map, LFS, sizeof LFS - 1) == 0)
        return err_set(err, ERR_INVALID,
                       "this is only Git LFS's pointer to the file: run git lfs pull");
    memcpy(&size, file->map, PREFIX);
    if (size > HEADER_MAX)
        return err_set(err, ERR_INVALID,
                       "not a safetensors file: its header would have %" PRIu64
                       " bytes, and %d is the limit",
                       size, HEADER_MAX);
    if (size > file->size - PREFIX)
        return err_set(err, ERR_INVALID,
                       "the header has %" PRIu64 " bytes, and the file only %zu: it is cut off",
                       size, file->size);
    file->header_size = (size_t)size;
    return 0;
}

static void map_file(struct safetensors *file, int fd, struct err *err)
{
    struct stat st;
    void *map;

    if (fstat(fd, &st) < 0) {
        err_set_errno(err, "cannot look at it");
    } else if (!S_ISREG(st.st_mode)) {
        err_set(err, ERR_INVALID, "not a regular file");
    } else if (st.st_size < PREFIX) {
        err_set(err, ERR_INVALID, "not a safetensors file: it has only %lld bytes",
                (long long)st.st_size);
    } else if ((map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) ==
               MAP_FAILED) {
        err_set_errno(err, "cannot map it into memory");
    } else {
        file->map = map;
        file->size = (size_t)st.st_size;
    }
}

static int open_into(struct safetensors *file, const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return err_set_errno(err, "cannot open it");
    map_file(file, fd, err);
    (void)close(fd);
    if (!file->map || read_prefix(file, err) < 0)
        return err->code;
    return read_header(file, err);
}

struct safetensors *safetensors_open(const char *path, struct err *err)
{
    struct safetensors *file = calloc(1, sizeof *file);

    if (!file) {
        err_set_nomem(err, path);
        return NULL;
    }
    if (open_into(file, path, err) < 0) {
        err_wrap(err, "%s", path);
        safetensors_free(file);
        return NULL;
    }
    return file;
}

void safetensors_free(struct safetensors *file)
{
    if (!file)
        return;
    if (file->map)
        (void)munmap(file->map, file->size);
    free(file->names);
    free(file->tensors);
    free(file);
}

const struct safetensor *safetensors_find(const struct safetensors *file, const char *name)
{
    const struct safetensor key = {.name = name};

    if (file->count == 0)
        return NULL;
    return bsearch(&key, file->tensors, file->count, sizeof key, tensor_compare);
}

size_t safetensors_count(const struct safetensors *file)
{
    return file->count;
}

const struct safetensor *safetensors_at(const struct safetensors *file, size_t index)
{
    return &file->tensors[index];
}

const void *safetensors_header(const struct safetensors *file, size_t *ret_size)
{
    *ret_size = file->header_size;
    return file->map + PREFIX;
}

size_t safetensors_size(const struct safetensors *file)
{
    return file->size;
}

void safetensors_release(const struct safetensor *tensor)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)tensor->data;
    uintptr_t slack = begin % page;

    /* Pages are never written to, so a neighbour's bytes on the first or last one only have to
     * be found in the page cache again. */
    if (tensor->size > 0)
        (void)madvise((char *)tensor->data - slack, tensor->size + slack, MADV_DONTNEED);
}

float safetensor_at(const struct safetensor *tensor, size_t i)
{
    float value;

    safetensor_read(tensor, i, 1, &value);
    return value;
}

void safetensor_read(const struct safetensor *tensor, size_t from, size_t count, float *out)
{
    const char *data = (const char *)tensor->data + from * tensor_type_bytes(tensor->type);

    switch (tensor->type) {
    case TENSOR_F32:
        memcpy(out, data, count * sizeof *out);
        break;
    case TENSOR_BF16:
        half_read_bf16(data, count, out);
        break;
    case TENSOR_F16:
        half_read_f16(data, count, out);
        break;
    }
}
