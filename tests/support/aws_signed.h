/* aws_signed.h - checks AWS signatures by its own reading of the documentation of version 4,
 * not by lib/crypto/sigv4. */
#ifndef TESTS_SUPPORT_AWS_SIGNED_H
#define TESTS_SUPPORT_AWS_SIGNED_H

#include <stdbool.h>

#include "lib/http/server.h"

#define AWS_TEST_KEY "AKIDEXAMPLE"
#define AWS_TEST_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

/* A POST, signed with the key above for this region and service ("eu-west-1/rekognition"). */
bool aws_is_signed(const struct http_request *request, const char *scope);

#endif
