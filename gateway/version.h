/* version.h - of the whole garden. */
#ifndef GATEWAY_VERSION_H
#define GATEWAY_VERSION_H

#define GARDEN_VERSION "0.1.0"

#endif
