/* interactions.h - who did what with which item, as a sparse matrix by rows.
 *
 * An entry with a weight above 0 is something that the user liked, below 0 something that was
 * shown and not liked (a weak negative); its size says how sure that is. What is not there was
 * never seen. Columns of a row ascend. */
#ifndef LIB_REC_INTERACTIONS_H
#define LIB_REC_INTERACTIONS_H

#include <stdint.h>

struct rec_matrix {
    uint32_t rows, cols;       /* users, items */
    const uint64_t *row_start; /* [rows + 1]: entries of row r are row_start[r] to [r + 1] */
    const uint32_t *col;       /* [entries] */
    const float *weight;       /* [entries]; NULL: all 1 */
};

#endif
