/* als_check.c - see als_check.h. */
#include <math.h>

#include "lib/rec/als_check.h"
#include "lib/rec/als_kernels.h"

enum { SWEEPS_MAX = 1000, THREADS_MAX = 1024 };

int als_check_conf(const struct rec_als_conf *conf, struct err *err)
{
    if (conf->factors < ALS_PANEL || conf->factors > REC_FACTORS_MAX ||
        conf->factors % ALS_PANEL != 0)
        return err_set(err, ERR_INVALID,
                       "als: factors is %d; it takes a multiple of %d up to %d", conf->factors,
                       ALS_PANEL, REC_FACTORS_MAX);
    if (!(conf->unobserved >= 0 && conf->unobserved <= 1))
        return err_set(err, ERR_INVALID, "als: unobserved is %g; it takes a number from 0 to 1",
                       (double)conf->unobserved);
    if (!(conf->regularisation >= 1e-9F && conf->regularisation <= 1e9F))
        return err_set(err, ERR_INVALID,
                       "als: regularisation is %g; it takes a number from 1e-9 to 1e9",
                       (double)conf->regularisation);
    if (!(conf->frequency >= 0 && conf->frequency <= 1))
        return err_set(err, ERR_INVALID, "als: frequency is %g; it takes a number from 0 to 1",
                       (double)conf->frequency);
    if (conf->threads < 0 || conf->threads > THREADS_MAX)
        return err_set(err, ERR_INVALID,
                       "als: threads is %d; it takes 0, for every core, to %d", conf->threads,
                       THREADS_MAX);
    return 0;
}

int als_check_sweeps(const struct rec_als_conf *conf, struct err *err)
{
    if (conf->sweeps < 1 || conf->sweeps > SWEEPS_MAX)
        return err_set(err, ERR_INVALID, "als: sweeps is %d; it takes a number from 1 to %d",
                       conf->sweeps, SWEEPS_MAX);
    return 0;
}

static int check_row(const struct rec_matrix *m, uint32_t row, struct err *err)
{
    for (uint64_t e = m->row_start[row]; e < m->row_start[row + 1]; e++) {
        if (m->col[e] >= m->cols)
            return err_set(err, ERR_INVALID,
                           "als: row %u of the matrix names column %u, but it has %u", row,
                           m->col[e], m->cols);
        if (m->weight && !isfinite(m->weight[e]))
            return err_set(err, ERR_INVALID,
                           "als: row %u of the matrix weighs column %u by %g; weights are "
                           "finite",
                           row, m->col[e], (double)m->weight[e]);
    }
    return 0;
}

int als_check_matrix(const struct rec_matrix *matrix, struct err *err)
{
    if (matrix->row_start[0] != 0)
        return err_set(err, ERR_INVALID, "als: row 0 of the matrix starts at entry %llu, not 0",
                       (unsigned long long)matrix->row_start[0]);
    for (uint32_t r = 0; r < matrix->rows; r++)
        if (matrix->row_start[r + 1] < matrix->row_start[r])
            return err_set(err, ERR_INVALID, "als: row %u of the matrix ends before it starts",
                           r);
    for (uint32_t r = 0; r < matrix->rows; r++)
        if (check_row(matrix, r, err) < 0)
            return err->code;
    return 0;
}
