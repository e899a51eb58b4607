/* client_memory.h - libcurl's memory, zeroed when it is given back: a request's body passes
 * through libcurl's buffers, and some bodies may not be kept (http_secret_body in server.h).
 * Before on_done (client.h) is called, libcurl has given back every buffer that held one. */
#ifndef LIB_HTTP_CLIENT_MEMORY_H
#define LIB_HTTP_CLIENT_MEMORY_H

#include <stddef.h>

/* For curl_global_init_mem: as malloc(3), free(3) and so on. */
void *client_memory_alloc(size_t size);
void *client_memory_calloc(size_t count, size_t size);
void *client_memory_realloc(void *memory, size_t size);
char *client_memory_strdup(const char *text);
void client_memory_free(void *memory);

#endif
