/* s3_list.h - the objects of a bucket, page by page (ListObjectsV2). */
#ifndef LIB_STORE_S3_LIST_H
#define LIB_STORE_S3_LIST_H

#include "lib/store/s3_client.h"

/* As store_list. What a bucket may have and the store cannot name (a key that ends in '/', as
 * some consoles make to stand for a folder) is left out. */
int s3_list(struct s3_client *client, const struct store_listing *listing, struct err *err);

/* Copies an ETag without its quotes. */
void s3_copy_etag(char out[STORE_ETAG], const char *etag);

#endif
