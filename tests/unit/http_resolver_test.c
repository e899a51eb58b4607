/* http_resolver_test.c - a name server that does not answer holds up no request beyond its
 * deadline: this program has a getaddrinfo of its own, which libcurl finds first. */
#include <netdb.h>
#include <pthread.h>

#include "lib/base/clock.h"
#include "lib/http/client.h"
#include "tests/test.h"

enum { DEADLINE_MS = 200, SLACK_MS = 700 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static bool may_answer;
static int asked, done;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc's are reserved */
int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
    (void)node;
    (void)service;
    (void)hints;
    (void)ret;
    (void)pthread_mutex_lock(&lock);
    asked++;
    while (!may_answer)
        (void)pthread_cond_wait(&answered, &lock);
    done++;
    (void)pthread_cond_broadcast(&answered);
    (void)pthread_mutex_unlock(&lock);
    return EAI_AGAIN;
}

/* Lets the resolver's thread end, so that what it has is not taken for a leak. */
static void answer_at_last(void)
{
    (void)pthread_mutex_lock(&lock);
    may_answer = true;
    (void)pthread_cond_broadcast(&answered);
    while (done < asked)
        (void)pthread_cond_wait(&answered, &lock);
    (void)pthread_mutex_unlock(&lock);
}

TEST(a_silent_name_server_holds_up_nobody)
{
    const struct http_client_request request = {
        .method = "GET", .url = "http://engine.example/", .deadline_ms = DEADLINE_MS};
    struct http_client_response response = {0};
    const int64_t start_ms = clock_mono_ms();
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);

    CHECK_INT(http_client_fetch(client, &request, &response, &err), ==, ERR_TIMEOUT);
    CHECK_INT(clock_mono_ms() - start_ms, <, DEADLINE_MS + SLACK_MS);
    CHECK_INT(asked, ==, 1);
    answer_at_last();
}
