/* emotion_buses.h - a test of the emotion service on the embedded bus and on Kafka. Included
 * after emotion.h, before test.h is used. */
#ifndef TESTS_SUPPORT_EMOTION_BUSES_H
#define TESTS_SUPPORT_EMOTION_BUSES_H

#include "tests/support/emotion.h"
#include "tests/support/fake_eyes.h"
#include "tests/test.h"

#define TEST_ON_BOTH_BUSES(name_)                               \
    static void name_(struct eyes *eyes);                       \
    TEST(local_##name_)                                         \
    {                                                           \
        struct eyes eyes;                                       \
                                                                \
        eyes_prepare(&eyes, NULL);                              \
        name_(&eyes);                                           \
        eyes_done(&eyes);                                       \
    }                                                           \
    TEST(kafka_##name_)                                         \
    {                                                           \
        const char *brokers = getenv("TEST_KAFKA");             \
        struct eyes eyes;                                       \
        char url[128];                                          \
                                                                \
        if (!brokers || !*brokers)                              \
            SKIP("TEST_KAFKA is not set");                      \
        (void)snprintf(url, sizeof url, "kafka://%s", brokers); \
        eyes_prepare(&eyes, url);                               \
        name_(&eyes);                                           \
        eyes_done(&eyes);                                       \
    }                                                           \
    static void name_(struct eyes *eyes)

#endif
