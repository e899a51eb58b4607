/* csv_file.c - see csv_file.h. */
#include "services/csv-exporter/csv_file.h"

#include <unistd.h>

#include "lib/base/spool.h"

enum { WRITE_BYTES = 256 << 10 };

static int write_waiting(struct csv_file *file, struct err *err)
{
    if (!buf_ok(&file->waiting))
        return err_set_nomem(err, "a file's rows");
    if (file->waiting.size == 0)
        return 0;
    sha256_sum_add(file->sum, file->waiting.data, file->waiting.size);
    if (spool_write(file->fd, file->size, file->waiting.data, file->waiting.size, err) < 0)
        return err->code;
    file->size += file->waiting.size;
    buf_clear(&file->waiting);
    return 0;
}

int csv_file_begin(struct csv_file *file, enum dataset_kind kind, const char *dir,
                   struct err *err)
{
    int fd = spool_open(dir, err);

    *file = (struct csv_file){.kind = kind};
    if (fd < 0)
        return fd;
    file->fd = fd;
    file->sum = sha256_sum_new();
    dataset_write_header(&file->waiting, kind);
    return 0;
}

int csv_file_add(struct csv_file *file, const void *row, size_t size, struct err *err)
{
    buf_append(&file->waiting, row, size);
    file->rows++;
    return file->waiting.size >= WRITE_BYTES ? write_waiting(file, err) : 0;
}

int csv_file_end(struct csv_file *file, struct err *err)
{
    if (write_waiting(file, err) < 0)
        return err->code;
    sha256_sum_hex(file->sum, file->sha256);
    return 0;
}

void csv_file_done(struct csv_file *file)
{
    if (file->fd > 0)
        (void)close(file->fd);
    sha256_sum_free(file->sum);
    buf_done(&file->waiting);
    *file = (struct csv_file){.fd = 0};
}
