/* dot.h - the product of two vectors, by the processor's wide registers where there are any. */
#ifndef SERVICES_RECOMMENDER_PROXY_DOT_H
#define SERVICES_RECOMMENDER_PROXY_DOT_H

float dot(const float *a, const float *b, int count);

#endif
